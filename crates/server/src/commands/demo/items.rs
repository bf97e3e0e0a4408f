//! What the demo's projects have beside tasks: a budget and a script, a bill of quantities,
//! milestones.

use chorus_collab::items::{Spot, form};
use chorus_collab::{Answer, Command};
use chorus_model::{ItemId, Kind, ProjectId, UserId};
use serde_json::{Value, json};

use crate::Failure;
use crate::app::App;

/// Fills the film's project.
pub(super) async fn film(app: &App, user: UserId, project: ProjectId) -> Result<(), Failure> {
    for (name, budgeted, entries) in BUDGET {
        let category = json!({ "name": name, "budgeted": budgeted });
        let category = make(app, user, "budget_category", Spot::Project(project), category).await?;
        for (amount, description) in *entries {
            let entry = json!({ "amount": amount, "description": description });
            make(app, user, "budget_entry", Spot::Inside(category), entry).await?;
        }
    }
    let script = json!({ "title": "Harbour Lights", "revision": "pink" });
    let script = make(app, user, "script", Spot::Project(project), script).await?;
    let scene = json!({
        "scene_number": "12", "title": "EXT. PIER", "location": "Pier", "int_ext": "ext",
        "day_night": "night", "estimated_runtime_minutes": "1.5", "characters": ["The ferryman"],
        "vfx_required": true, "vfx_details": "Fog over the water",
    });
    let scene = make(app, user, "scene", Spot::Inside(script), scene).await?;
    let shot = json!({ "shot_name": "HL_012_Fog", "scene_id": scene, "estimated_hours": 24 });
    let shot = make(app, user, "shot", Spot::Project(project), shot).await?;
    let version = json!({ "label": "v001", "status": "review", "file_size": "2.1 GB" });
    make(app, user, "shot_version", Spot::Inside(shot), version).await?;
    milestones(app, user, project, &[("Script locked", "done"), ("First day of shooting", "todo")])
        .await
}

/// Fills the builders' project.
pub(super) async fn site(app: &App, user: UserId, project: ProjectId) -> Result<(), Failure> {
    for (section, code, description, unit, qty, unit_price) in BILL {
        let line = json!({
            "section": section, "code": code, "description": description, "unit": unit,
            "qty": qty, "unit_price": unit_price,
        });
        make(app, user, "boq_item", Spot::Project(project), line).await?;
    }
    milestones(app, user, project, &[("Roof closed", "in_progress"), ("Lift approved", "todo")])
        .await
}

async fn milestones(
    app: &App,
    user: UserId,
    project: ProjectId,
    all: &[(&str, &str)],
) -> Result<(), Failure> {
    for (title, status) in all {
        let milestone = json!({ "title": title, "status": status });
        make(app, user, "milestone", Spot::Project(project), milestone).await?;
    }
    Ok(())
}

async fn make(
    app: &App,
    user: UserId,
    kind: &str,
    spot: Spot,
    values: Value,
) -> Result<ItemId, Failure> {
    let kind = Kind::named(kind).ok_or_else(|| Failure::new("no such kind"))?;
    let values = values.as_object().cloned().unwrap_or_default();
    let given = form::new(kind, &values).map_err(Failure::new)?;
    match super::execute(app, user, Command::CreateItem { kind, spot, given }).await? {
        Answer::Item(item) => Ok(item.head.id),
        _ => Err(Failure::new("no item was made")),
    }
}

type Category = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const BUDGET: &[Category] = &[
    (
        "Cast",
        "18000",
        &[("4500", "The ferryman, first instalment"), ("950.50", "Extras, night one")],
    ),
    ("Camera", "9500", &[("7240", "Two bodies and the fast primes")]),
    ("Permits", "1200", &[("1350", "City, with the fire watch")]),
];

type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const BILL: &[Line] = &[
    ("Roof", "01.1", "Strengthen trusses, steel plates", "kg", "1840", "6.35"),
    ("Roof", "01.2", "Slate, laid double", "m2", "412.5", "78.90"),
    ("Lift", "02.1", "Lift for eight, five stops", "pcs", "1", "61500"),
    ("Lift", "02.2", "Pit, waterproof concrete", "m3", "7.25", "212.40"),
];
