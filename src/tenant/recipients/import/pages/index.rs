//! All imports.

use crate::access::Access;
use crate::access::rights::ViewImports;
use crate::error::Result;
use crate::tenant::recipients::import::acts;
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::HttpResponse;
use askama::Template;

/// How many imports are shown, the newest.
const SHOWN: i64 = 200;

#[derive(Template)]
#[template(path = "tenant/imports/index.html")]
struct Index {
    p: Frame,
    table: Table,
    empty: Empty,
}

/// The colour of a state's badge.
pub(super) fn badge(state: &str) -> &'static str {
    match state {
        "done" => "success",
        "failed" | "broken" => "danger",
        "cancelled" => "warning",
        _ => "secondary",
    }
}

fn state_cell(p: &Frame, state: &str) -> Cell {
    Cell::Badge(badge(state), p.t(&format!("import-state-{state}")))
}

pub(super) async fn index(access: Access<ViewImports>) -> Result<HttpResponse> {
    let all = access.run(|conn| acts::before(conn, None, SHOWN)).await?;
    let p = Frame::new(access.context(), "nav-imports").section("imports");
    let columns = [
        "import-file",
        "import-begun",
        "import-state",
        "import-rows",
        "import-created",
        "import-updated",
        "import-refused",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-imports"), columns);
    for column in &mut table.columns[3..] {
        column.number = true;
    }
    for import in &all {
        let href = p.url(&format!("/imports/{}", import.id));
        let mut cells = vec![
            Cell::Link {
                href,
                text: import.file_name.clone(),
            },
            Cell::Text(p.t.moment(&import.created_at)),
            state_cell(&p, &import.state),
        ];
        cells.extend(
            [import.rows, import.created, import.updated, import.refused]
                .map(|n| Cell::Number(p.t.number(&n))),
        );
        table.row(cells);
    }
    let empty = Empty {
        text: p.t("import-none"),
        act: None,
    };
    p.render(|p| Index { table, empty, p })
}
