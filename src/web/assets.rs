//! The files of `static/`, built into the program and served under names that carry their content's hash,
//! so that browsers keep them for ever.

use crate::access::Anonymous;
use crate::error::{AppError, Result};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

struct Names {
    /// `css/app.css` -> `/assets/3f…/css/app.css`
    urls: HashMap<String, String>,
    hashes: HashMap<String, String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let (mut urls, mut hashes) = (HashMap::new(), HashMap::new());
    for path in Files::iter() {
        let Some(file) = Files::get(&path) else {
            continue;
        };
        let digest = Sha256::digest(&file.data);
        let hash: String = digest
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        urls.insert(path.to_string(), format!("/assets/{hash}/{path}"));
        hashes.insert(path.to_string(), hash);
    }
    Names { urls, hashes }
});

/// The URL of a file of `static/`.
pub fn asset(path: &str) -> &'static str {
    NAMES
        .urls
        .get(path)
        .map_or("/assets/missing", String::as_str)
}

/// GET `/assets/{hash}/{path}`.
///
/// # Errors
/// `NotFound`, also for a hash that is not the file's: an old name must not bring a new file.
pub async fn serve(_: Anonymous, wanted: web::Path<(String, String)>) -> Result<HttpResponse> {
    let (hash, path) = wanted.into_inner();
    if NAMES.hashes.get(&path) != Some(&hash) {
        return Err(AppError::NotFound);
    }
    let file = Files::get(&path).ok_or(AppError::NotFound)?;
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind.as_ref()))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((ETAG, format!("\"{hash}\"")))
        .body(file.data.into_owned()))
}

/// GET `/assets/colour/{rrggbb}.css`: a tenant's colour, contrast computed; the policy allows no inline style.
///
/// # Errors
/// `NotFound` for anything but six hexadecimal digits.
pub async fn colour(_: Anonymous, name: web::Path<String>) -> Result<HttpResponse> {
    let css = super::colour::stylesheet(&name).ok_or(AppError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(css))
}
