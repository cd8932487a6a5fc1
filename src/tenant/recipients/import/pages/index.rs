//! All imports.

use crate::access::Access;
use crate::access::rights::ViewImports;
use crate::error::Result;
use crate::tenant::recipients::import::acts;
use crate::web::view::TablePage;
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::HttpResponse;

/// How many imports are shown, the newest.
const SHOWN: i64 = 200;

fn state_cell(p: &Frame, state: &str) -> Cell {
    let kind = match state {
        "done" => "success",
        "failed" | "broken" => "danger",
        "cancelled" => "warning",
        _ => "secondary",
    };
    Cell::Badge(kind, p.t(&format!("import-state-{state}")))
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
    let new = (p.t("import-new"), p.url("/imports/new"));
    let acts = if p.may("imports.run") {
        vec![new.clone()]
    } else {
        Vec::new()
    };
    let empty = Empty {
        text: p.t("import-none"),
        act: Some(new),
    };
    p.render(|p| TablePage {
        intro: String::new(),
        acts,
        table,
        empty,
        p,
    })
}
