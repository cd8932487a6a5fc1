//! Receiving a file: streamed to the storage folder, the form's token first, so that nothing is written for
//! somebody else's form.

use crate::access::Context;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{CSRF_FIELD, same_origin, token_matches};
use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use futures_util::TryStreamExt;
use std::path::Path;
use tokio::fs;
use tokio::io::AsyncWriteExt;

/// A file that was received.
#[derive(Debug)]
pub struct Upload {
    /// Its name at the sender's.
    pub name: String,
    /// Where it lies below the storage folder.
    pub stored_as: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Receives the form's one file.
///
/// # Errors
/// `Csrf` without the session's token as first part; `Invalid` for no file, one that is too large, and a disk
/// that takes no more.
pub async fn receive(
    req: &HttpRequest,
    mut parts: Multipart,
    context: &Context,
    files: &Path,
    tenant: TenantId,
    most: u64,
) -> Result<Upload> {
    let mut proven = false;
    while let Some(mut part) = parts
        .try_next()
        .await
        .map_err(|_| AppError::invalid("form-unreadable"))?
    {
        let name = part.name().unwrap_or_default().to_owned();
        if name == CSRF_FIELD {
            let token = small(&mut part).await?;
            proven = same_origin(req) && token_matches(context, &token);
        } else if name == "file" {
            if !proven {
                return Err(AppError::Csrf);
            }
            return store(&mut part, files, tenant, most).await;
        } else {
            small(&mut part).await?;
        }
    }
    Err(AppError::invalid("import-no-file"))
}

/// Receives a program's file, and the text of the part `settings` if one comes before it. There is no
/// form here whose token could be asked for; the caller has a token of his own.
///
/// # Errors
/// As `receive`, but for `Csrf`.
pub async fn receive_from_program(
    mut parts: Multipart,
    files: &Path,
    tenant: TenantId,
    most: u64,
) -> Result<(Upload, String)> {
    let mut settings = String::new();
    while let Some(mut part) = parts
        .try_next()
        .await
        .map_err(|_| AppError::invalid("form-unreadable"))?
    {
        match part.name().unwrap_or_default() {
            "settings" => settings = small(&mut part).await?,
            "file" => return Ok((store(&mut part, files, tenant, most).await?, settings)),
            _ => return Err(AppError::invalid("form-unreadable")),
        }
    }
    Err(AppError::invalid("import-no-file"))
}

/// A part that is no file.
async fn small(part: &mut Field) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part
        .try_next()
        .await
        .map_err(|_| AppError::invalid("form-unreadable"))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > 10_000 {
            return Err(AppError::invalid("form-too-large"));
        }
    }
    String::from_utf8(bytes).map_err(|_| AppError::invalid("form-unreadable"))
}

async fn store(part: &mut Field, files: &Path, tenant: TenantId, most: u64) -> Result<Upload> {
    let name = part
        .content_disposition()
        .and_then(|d| d.get_filename())
        .unwrap_or_default();
    let name: String = name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(255)
        .collect();
    let stored_as = format!("t_{tenant}/uploads/{}", crate::secrets::random_hex(16));
    let path = files.join(&stored_as);
    let outcome = write(part, &path, most).await;
    match outcome {
        Ok(size) if size > 0 && !name.is_empty() => Ok(Upload {
            name,
            stored_as,
            size,
        }),
        other => {
            // Nothing half-written stays behind.
            let _ = fs::remove_file(&path).await;
            let nothing = if name.is_empty() {
                "import-no-file"
            } else {
                "file-empty"
            };
            Err(other.err().unwrap_or_else(|| AppError::invalid(nothing)))
        }
    }
}

/// A file that is not kept is received all the same: a browser that is cut off while it sends shows its own
/// error, and never the page that says what is wrong.
async fn write(part: &mut Field, path: &Path, most: u64) -> Result<u64> {
    let outcome = write_at_most(part, path, most).await;
    if outcome.is_err() {
        while let Ok(Some(_)) = part.try_next().await {}
    }
    outcome
}

async fn write_at_most(part: &mut Field, path: &Path, most: u64) -> Result<u64> {
    let failed = |error: std::io::Error| AppError::of_file("upload", &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let mut file = fs::File::create(path).await.map_err(failed)?;
    let mut size = 0u64;
    while let Some(chunk) = part
        .try_next()
        .await
        .map_err(|_| AppError::invalid("form-unreadable"))?
    {
        size += chunk.len() as u64;
        if size > most {
            return Err(AppError::Invalid {
                key: "import-too-large",
                params: vec![("most", (most >> 20).to_string())],
            });
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)?;
    Ok(size)
}
