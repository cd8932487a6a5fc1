//! Files as they lie on the disk, sent piece by piece.

use crate::error::{AppError, Result};
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use std::io::ErrorKind;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// A CSV file to be saved under this name.
///
/// # Errors
/// `NotFound` where there is no such file.
pub async fn csv(path: &Path, name: &str) -> Result<HttpResponse> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => AppError::NotFound,
        _ => AppError::internal(format!("{}: {error}", path.display())),
    };
    let file = File::open(path).await.map_err(failed)?;
    let size = file.metadata().await.map_err(failed)?.len();
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(SizedStream::new(size, Box::pin(pieces))))
}
