//! Logs: to standard error, human on a terminal, JSON otherwise; a request's id in each of its lines.
//!
//! Logs carry no personal data and no secret. So a request is named by its route's pattern, never by its
//! path or query, which hold addresses, search words and tokens; and neither the client's address nor its
//! browser is written.

use crate::config::{LogFormat, Logs};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage, HttpRequest};
use std::io::IsTerminal;
use std::time::Instant;
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The middleware that gives each request its id, its span and, when it ends, its line.
pub type RequestLog = tracing_actix_web::TracingLogger<RequestSpan>;

/// Starts logging, for the whole process.
///
/// # Errors
/// When the filter cannot be read, or logging was started before.
pub fn start(logs: &Logs) -> Result<(), String> {
    let json = match logs.format {
        LogFormat::Human => false,
        LogFormat::Json => true,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    subscriber(&logs.filter, json, std::io::stderr)?
        .try_init()
        .map_err(|error| error.to_string())?;
    report_panics();
    Ok(())
}

/// The filter, if it can be read.
///
/// # Errors
/// When it cannot.
pub fn checked_filter(filter: &str) -> Result<String, String> {
    EnvFilter::try_new(filter)
        .map(|_| filter.to_owned())
        .map_err(|error| error.to_string())
}

type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

fn subscriber<W>(filter: &str, json: bool, writer: W) -> Result<Subscriber, String>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(filter).map_err(|error| format!("logs.filter {filter:?}: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Who reads the log may go; telling that to the same closed place would panic, and fail the request.
        .log_internal_errors(false)
        .with_writer(writer);
    Ok(if json {
        let builder = builder.json().flatten_event(true).with_span_list(false);
        Box::new(builder.finish())
    } else {
        Box::new(builder.with_ansi(std::io::stderr().is_terminal()).finish())
    })
}

/// A panic becomes a line of the log too. Its text may quote data, so that only its place is told, unless
/// somebody debugs.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "panic");
        tracing::debug!(text = panic.payload_as_str().unwrap_or_default(), "panic");
    }));
}

/// The id of a request, as it stands in the log; for the error page.
pub fn request_id(request: &HttpRequest) -> Option<String> {
    request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string)
}

/// What a request's log lines say of it.
#[derive(Debug)]
pub struct RequestSpan;

/// When the request came in.
#[derive(Clone, Copy)]
struct Started(Instant);

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Started(Instant::now()));
        let id = request_id(request.request()).unwrap_or_default();
        tracing::info_span!("request", id, method = %request.method(), route = route(request.request()))
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, started) = match outcome {
            Ok(response) => {
                let started = response.request().extensions().get::<Started>().copied();
                (response.status(), started)
            }
            // A middleware gave up; the request, and with it its start, is gone.
            Err(error) => (error.as_response_error().status_code(), None),
        };
        let milliseconds = started.map(|Started(at)| round(at.elapsed().as_secs_f64() * 1000.0));
        let status_code = status.as_u16();
        if status.is_server_error() {
            tracing::error!(parent: &span, status = status_code, milliseconds, "answered");
        } else {
            tracing::info!(parent: &span, status = status_code, milliseconds, "answered");
        }
    }
}

/// The pattern of the request's route, such as `/t/{tenant}/recipients`; `-` where none fits.
fn route(request: &HttpRequest) -> String {
    request.match_pattern().unwrap_or_else(|| "-".to_owned())
}

/// Tenths of a millisecond are as fine as a reader needs.
fn round(milliseconds: f64) -> f64 {
    (milliseconds * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn page(request: HttpRequest) -> HttpResponse {
        tracing::info!("within");
        HttpResponse::Ok().body(request_id(&request).unwrap())
    }

    fn log_of(uri: &str) -> (String, Vec<serde_json::Value>) {
        let memory = Memory::default();
        let writer = memory.clone();
        let subscriber = subscriber("info", true, move || writer.clone()).unwrap();
        let body = tracing::subscriber::with_default(subscriber, || {
            actix_web::rt::System::new().block_on(async {
                let app = App::new()
                    .wrap(RequestLog::new())
                    .route("/t/{tenant}/recipients/{id}", web::get().to(page));
                let app = init_service(app).await;
                let request = TestRequest::get()
                    .uri(uri)
                    .insert_header(("user-agent", "anna-browser"));
                let response = call_service(&app, request.to_request()).await;
                let body = actix_web::test::read_body(response).await;
                String::from_utf8(body.to_vec()).unwrap()
            })
        });
        let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
        for word in ["nord", "anna", "token"] {
            assert!(!text.contains(word), "{text}");
        }
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (body, lines)
    }

    #[test]
    fn a_request_is_logged_by_its_pattern_with_status_time_and_the_id_of_its_page() {
        let (id, lines) = log_of("/t/nord/recipients/anna@example.org?token=secret");
        assert_eq!(lines.len(), 2, "{lines:?}");
        for line in &lines {
            assert_eq!(line["span"]["route"], "/t/{tenant}/recipients/{id}");
            assert_eq!(line["span"]["method"], "GET");
            assert_eq!(line["span"]["id"], *id);
        }
        assert_eq!(lines[0]["message"], "within");
        assert_eq!(lines[1]["status"], 200);
        assert!(
            lines[1]["milliseconds"]
                .as_f64()
                .is_some_and(|time| time >= 0.0)
        );
    }

    #[test]
    fn a_path_without_a_route_is_not_logged_either() {
        let (_, lines) = log_of("/unknown/anna@example.org");
        assert_eq!(lines[0]["span"]["route"], "-");
        assert_eq!(lines[0]["status"], 404);
    }

    #[test]
    fn a_filter_that_is_none_is_told() {
        assert!(subscriber("mandant=loudly", true, std::io::sink).is_err());
    }
}
