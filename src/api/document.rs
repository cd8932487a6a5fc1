//! The OpenAPI document: shapes by utoipa from the types themselves; paths, rights and whether inner
//! tenants have them from the policy table. What every operation has in common is said once, here.

use crate::access::gate::Requires;
use crate::access::routes::{API, RouteInfo};
use crate::web::problem::{Problem, ProblemField};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, ToSchema};

/// What the slices say of their operations.
#[derive(Default)]
pub(super) struct Document {
    operations: Vec<Operation>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

struct Operation {
    method: &'static str,
    path: String,
    value: Map<String, Value>,
}

/// An operation about to be described.
pub(super) struct Describing<'d> {
    document: &'d mut Document,
}

impl Document {
    pub(super) fn get(&mut self, path: &str, tag: &'static str, says: &str) -> Describing<'_> {
        self.operation("get", path, tag, says)
    }

    pub(super) fn post(&mut self, path: &str, tag: &'static str, says: &str) -> Describing<'_> {
        self.operation("post", path, tag, says)
    }

    pub(super) fn put(&mut self, path: &str, tag: &'static str, says: &str) -> Describing<'_> {
        self.operation("put", path, tag, says)
    }

    pub(super) fn patch(&mut self, path: &str, tag: &'static str, says: &str) -> Describing<'_> {
        self.operation("patch", path, tag, says)
    }

    pub(super) fn delete(&mut self, path: &str, tag: &'static str, says: &str) -> Describing<'_> {
        self.operation("delete", path, tag, says)
    }

    fn operation(
        &mut self,
        method: &'static str,
        path: &str,
        tag: &'static str,
        says: &str,
    ) -> Describing<'_> {
        let value = json!({ "summary": says, "tags": [tag], "parameters": [], "responses": {} });
        self.operations.push(Operation {
            method,
            path: path.to_owned(),
            value: value.as_object().cloned().unwrap_or_default(),
        });
        Describing { document: self }
    }

    fn schema<T: ToSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// The whole document.
    pub(super) fn finish(mut self, table: &[RouteInfo]) -> Value {
        let problem = self.schema::<Problem>();
        self.schema::<ProblemField>();
        let mut paths: Map<String, Value> = Map::new();
        for operation in self.operations {
            let route = table.iter().find(|route| {
                route.path == operation.path
                    && route.method.as_str().eq_ignore_ascii_case(operation.method)
            });
            for (path, value) in operation.written(route) {
                paths
                    .entry(path)
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
                    .map(|item| item.insert(operation.method.to_owned(), value));
            }
        }
        let schemas: Map<String, Value> = self
            .schemas
            .into_iter()
            .map(|(name, schema)| (name, plainly(json!(schema))))
            .collect();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Mandant",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Tenants, users, fields, mailing lists, recipients and imports. A token \
                    (Profile, API tokens) is for one tenant; what it may is what was chosen for it and what its \
                    user may there at that moment. Texts of errors follow Accept-Language (en, de).",
                "license": { "name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later" },
            },
            "servers": [{ "url": "/" }],
            "security": [{ "token": [] }],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "mdt_…" } },
                "responses": {
                    "Problem": {
                        "description": "It could not be done.",
                        "content": { "application/problem+json": { "schema": problem } },
                    },
                    "TooMany": {
                        "description": "The token asked too often.",
                        "headers": {
                            "Retry-After": { "description": "Seconds to wait", "schema": { "type": "integer" } },
                            "RateLimit": { "schema": { "type": "string" } },
                            "RateLimit-Policy": { "schema": { "type": "string" } },
                        },
                        "content": { "application/problem+json": { "schema": problem } },
                    },
                },
            },
        })
    }
}

impl Describing<'_> {
    fn last(&mut self) -> &mut Map<String, Value> {
        let operations = &mut self.document.operations;
        let last = operations.len() - 1;
        &mut operations[last].value
    }

    fn response(&mut self, status: u16, value: Value) {
        if let Some(all) = self.last()["responses"].as_object_mut() {
            all.insert(status.to_string(), value);
        }
    }

    /// More about it.
    pub(super) fn more(mut self, text: &str) -> Self {
        self.last().insert("description".into(), text.into());
        self
    }

    /// It reads a query string.
    pub(super) fn query<Q: IntoParams>(mut self) -> Self {
        let params = json!(Q::into_params(|| None));
        if let (Some(all), Value::Array(more)) = (self.last()["parameters"].as_array_mut(), params)
        {
            all.extend(more);
        }
        self
    }

    /// It is done only if the thing still is as its tag says.
    pub(super) fn if_match(mut self) -> Self {
        let parameter = json!({
            "name": "If-Match",
            "in": "header",
            "required": false,
            "description": "The `ETag` that was seen: if somebody changed it since, nothing is done (412). Left out, \
                it is changed as it is.",
            "schema": { "type": "string" },
        });
        if let Some(all) = self.last()["parameters"].as_array_mut() {
            all.push(parameter);
        }
        self.response(412, json!({ "$ref": "#/components/responses/Problem" }));
        self
    }

    /// The answer of this status carries a tag for `If-Match`.
    pub(super) fn with_etag(mut self, status: u16) -> Self {
        let tag =
            json!({ "description": "Names this state of it", "schema": { "type": "string" } });
        let all = &mut self.last()["responses"];
        if let Some(answer) = all[status.to_string()].as_object_mut() {
            let headers = answer.entry("headers").or_insert_with(|| json!({}));
            headers["ETag"] = tag;
        }
        self
    }

    /// It takes a JSON body.
    pub(super) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.document.schema::<T>();
        let body =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        self.last().insert("requestBody".into(), body);
        self
    }

    /// It takes a file and, before it, settings.
    pub(super) fn takes_file<T: ToSchema>(mut self) -> Self {
        let settings = self.document.schema::<T>();
        let schema = json!({
            "type": "object",
            "required": ["file"],
            "properties": { "settings": settings, "file": { "type": "string", "contentMediaType": "application/octet-stream" } },
        });
        // Settings are JSON, as parts that are objects are unless it is said otherwise.
        let content = json!({ "schema": schema });
        let body = json!({ "required": true, "content": { "multipart/form-data": content } });
        self.last().insert("requestBody".into(), body);
        self
    }

    /// It answers a file.
    pub(super) fn answers_file(mut self, media_type: &str) -> Self {
        let value = json!({ "description": "The file.", "content": { media_type: { "schema": { "type": "string" } } } });
        self.response(200, value);
        self
    }

    /// It answers 200 with one thing.
    pub(super) fn answers<T: ToSchema>(self) -> Self {
        self.answers_with::<T>(200, "Done.")
    }

    /// It answers with one thing.
    pub(super) fn answers_with<T: ToSchema>(mut self, status: u16, says: &str) -> Self {
        let schema = self.document.schema::<T>();
        let value =
            json!({ "description": says, "content": { "application/json": { "schema": schema } } });
        self.response(status, value);
        self
    }

    /// It answers 201 and the thing made.
    pub(super) fn makes<T: ToSchema>(mut self) -> Self {
        let schema = self.document.schema::<T>();
        let value = json!({
            "description": "Made.",
            "headers": { "Location": { "description": "Where it is", "schema": { "type": "string" } } },
            "content": { "application/json": { "schema": schema } },
        });
        self.response(201, value);
        self
    }

    /// It answers a page of things.
    pub(super) fn answers_items<T: ToSchema>(mut self) -> Self {
        let schema = self.document.schema::<T>();
        let schema = json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": schema },
                "next": { "type": ["string", "null"], "description": "What `after` goes on with; null on the last page." },
            },
        });
        let value = json!({ "description": "Found.", "content": { "application/json": { "schema": schema } } });
        self.response(200, value);
        self
    }

    /// It answers an object that is not told in detail.
    pub(super) fn answers_anything(mut self) -> Self {
        let schema = json!({ "type": "object" });
        let value = json!({ "description": "Found.", "content": { "application/json": { "schema": schema } } });
        self.response(200, value);
        self
    }

    /// It answers 202: entered, without telling more.
    pub(super) fn or_accepts(mut self, says: &str) -> Self {
        self.response(202, json!({ "description": says }));
        self
    }

    /// It answers 204.
    pub(super) fn answers_nothing(mut self) -> Self {
        self.response(204, json!({ "description": "Done." }));
        self
    }
}

impl Operation {
    /// The operation at its path, and at its twin's where inner tenants have it.
    fn written(&self, route: Option<&RouteInfo>) -> Vec<(String, Value)> {
        let inner = route.is_some_and(|route| match route.requires {
            Requires::Right(right) => right.inner && route.below_tenant().is_some(),
            _ => false,
        });
        let mut all = vec![(self.path.clone(), self.complete(&self.path, route, false))];
        if inner {
            let twin = self.path.replacen("{tenant}", "{tenant}/{inner}", 1);
            let value = self.complete(&twin, route, true);
            all.push((twin, value));
        }
        all
    }

    fn complete(&self, path: &str, route: Option<&RouteInfo>, inner: bool) -> Value {
        let mut value = self.value.clone();
        let mut parameters: Vec<Value> = path_parameters(path);
        if let Some(Value::Array(more)) = value.remove("parameters") {
            parameters.extend(more);
        }
        value.insert("parameters".into(), parameters.into());
        value.insert("operationId".into(), self.id(inner).into());
        let statuses: &[&str] = match route.map(|route| route.requires) {
            Some(Requires::Nothing) | None => {
                value.insert("security".into(), json!([]));
                &[]
            }
            Some(Requires::LogIn) => &["401"],
            Some(Requires::Right(right)) => {
                value.insert("x-right".into(), right.key.into());
                let says = value.get("description").and_then(Value::as_str);
                let says = format!(
                    "{} Needs the right `{}`.",
                    says.unwrap_or_default(),
                    right.key
                );
                value.insert("description".into(), says.trim().into());
                &[
                    "400", "401", "403", "404", "409", "413", "415", "422", "503",
                ]
            }
        };
        if let Some(all) = value["responses"].as_object_mut() {
            for status in statuses {
                all.insert(
                    (*status).to_owned(),
                    json!({ "$ref": "#/components/responses/Problem" }),
                );
            }
            if !statuses.is_empty() {
                let too_many = json!({ "$ref": "#/components/responses/TooMany" });
                all.insert("429".into(), too_many);
            }
        }
        Value::Object(value)
    }

    /// `get_recipients_id`, `inner_get_recipients_id`.
    fn id(&self, inner: bool) -> String {
        let rest = self.path.strip_prefix(API).unwrap_or(&self.path);
        let rest = match rest.strip_prefix("/t/{tenant}") {
            Some("") => "tenant",
            Some(rest) => rest,
            None => rest,
        };
        let words: Vec<&str> = rest
            .split(['/', '{', '}', '.', '-'])
            .filter(|word| !word.is_empty())
            .collect();
        let begin = if inner { "inner_" } else { "" };
        format!("{begin}{}_{}", self.method, words.join("_"))
    }
}

/// The empty schema for "anything" is spelled `true`: not every reader takes the other.
fn plainly(mut schema: Value) -> Value {
    if let Some(more) = schema.get_mut("additionalProperties")
        && *more == json!({})
    {
        *more = true.into();
    }
    schema
}

/// The parameters of a path: `{id}` of a recipient is sealed, all others are numbers.
fn path_parameters(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match name {
                "tenant" | "inner" => {
                    json!({ "type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$" })
                }
                "id" if path.contains("/recipients/{id}") => {
                    json!({ "type": "string", "pattern": "^[a-z0-9]{13}$" })
                }
                _ => json!({ "type": "integer", "format": "int32", "minimum": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect()
}
