//! What the ProdSight app hears of budgets, scripts, shots and assets. Of the first two it is told
//! all there is whenever something changed, as its own server did.

use std::collections::BTreeSet;

use chorus_model::{Body, Event, Item, ItemChange, Kind, Timestamp, Totals, Whole};
use chorus_realtime::Frame;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::seconds;
use crate::dialect::Wire;

/// The word for what happened to an item, if there is one.
pub(super) fn word(body: &Body) -> Option<&'static str> {
    Some(match change(body)?.1.item.kind().name {
        "budget_category" | "budget_entry" => "budget_update",
        "script" | "scene" => "script_update",
        "shot" | "shot_version" => "vfx_update",
        "asset" => "asset_update",
        _ => return None,
    })
}

/// The kind that is told with all there is of it.
pub(super) fn whole(body: &Body) -> Option<&'static Kind> {
    match word(body)? {
        "budget_update" => Kind::named("budget_category"),
        "script_update" => Kind::named("script"),
        _ => None,
    }
}

/// What is told of a shot or an asset.
pub(super) fn told(event: &Event) -> Option<Value> {
    let (action, change) = change(&event.body)?;
    let item = &change.item;
    Some(match item.kind().name {
        "asset" => {
            json!({ "action": action, "asset": asset(item), "timestamp": seconds(event.at) })
        }
        "shot" => json!({ "action": action, "vfx": shot(item), "timestamp": seconds(event.at) }),
        // A version is a part of its shot, which has changed.
        _ => {
            let vfx = change.parent.as_ref().map(shot)?;
            json!({ "action": "updated", "vfx": vfx, "timestamp": seconds(event.at) })
        }
    })
}

/// What is told of a budget or a script: all of it, whatever it was that changed.
pub(super) fn told_whole(wire: &Wire<'_>, event: &Event, whole: &RawValue) -> Option<Frame> {
    #[derive(Serialize)]
    struct Update<'a> {
        action: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        budget: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        script: Option<&'a RawValue>,
        timestamp: f64,
    }
    let word = word(&event.body)?;
    let is_budget = word == "budget_update";
    let (budget, script) = (is_budget.then_some(whole), (!is_budget).then_some(whole));
    let update = Update { action: "updated", budget, script, timestamp: seconds(event.at) };
    Some(wire.event(word, &update))
}

/// All there is of a kind.
pub(super) fn render(kind: &'static Kind, whole: &Whole) -> Value {
    if kind.name == "script" { script(whole) } else { budget(whole) }
}

fn change(body: &Body) -> Option<(&'static str, &ItemChange)> {
    match body {
        Body::ItemCreated(change) => Some(("created", change)),
        Body::ItemUpdated(change) => Some(("updated", change)),
        Body::ItemDeleted(change) => Some(("deleted", change)),
        _ => None,
    }
}

fn budget(whole: &Whole) -> Value {
    let category = |item: &Item| {
        let of = |name| item.values.decimal(name).to_f64();
        json!({
            "name": item.values.text("name"),
            "budgeted": of("budgeted"),
            "spent": of("spent"),
            "remaining": of("remaining"),
        })
    };
    let of = |entry: &Item| {
        let category = whole.items.iter().find(|item| Some(item.head.id) == entry.head.parent_id);
        category.map(|item| item.values.text("name").to_owned()).unwrap_or_default()
    };
    let entry = |item: &Item| {
        json!({
            "date": day(item, "date"),
            "amount": item.values.decimal("amount").to_f64(),
            "category": of(item),
            "description": item.values.text("description"),
        })
    };
    let over = whole.items.iter().filter(|item| item.values.decimal("over").units() > 0);
    let risk = |item: &Item| {
        let (name, over) = (item.values.text("name"), item.values.decimal("over"));
        format!("{name} is over its budget by {over}")
    };
    json!({
        "total": total(&whole.totals, "budgeted"),
        "spent": total(&whole.totals, "spent"),
        "remaining": total(&whole.totals, "remaining"),
        "categories": whole.items.iter().map(category).collect::<Vec<_>>(),
        "history": whole.inside.iter().map(entry).collect::<Vec<_>>(),
        "forecast": {
            "projectedTotal": total(&whole.totals, "projected"),
            "overBudget": total(&whole.totals, "over"),
            "riskFactors": over.map(risk).collect::<Vec<_>>(),
        },
    })
}

/// The app has one script: the first of the project.
fn script(whole: &Whole) -> Value {
    let first = whole.items.first();
    let of_first =
        |item: &&Item| first.is_some_and(|first| item.head.parent_id == Some(first.head.id));
    let mut scenes: Vec<&Item> = whole.inside.iter().filter(of_first).collect();
    scenes.sort_by(|a, b| a.head.position.total_cmp(&b.head.position));
    let distinct = |texts: BTreeSet<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let locations = scenes.iter().map(|scene| scene.values.text("location")).collect();
    let characters = scenes.iter().flat_map(|scene| scene.values.texts("characters"));
    let minutes = first.map_or(0.0, |script| script.values.decimal("minutes").to_f64());
    let with_vfx = scenes.iter().filter(|scene| scene.values.flag("vfx_required")).count();
    json!({
        "title": first.map(|script| script.values.text("title")).unwrap_or_default(),
        "version": first.map(|script| script.values.text("revision")).unwrap_or_default(),
        "lastModified": first.map(|script| script.head.updated_at.day()).unwrap_or_default(),
        "scenes": scenes.iter().map(|scene| self::scene(scene)).collect::<Vec<_>>(),
        "totalScenes": scenes.len(),
        "totalEstimatedDuration": minutes,
        "vfxScenes": with_vfx,
        "locations": distinct(locations),
        "characters": distinct(characters.map(String::as_str).collect()),
    })
}

/// The app has some of a scene twice, under an old name and a new one.
fn scene(item: &Item) -> Value {
    let values = &item.values;
    let mut scene = json!({
        "id": item.head.id.to_string(),
        "int_ext": values.text("int_ext").to_uppercase(),
        "location": values.text("location"),
        "mood_tone": values.text("mood_tone"),
        "scene_complexity": titled(values.text("scene_complexity")),
        "vfx_details": values.text("vfx_details"),
        "title": values.text("title"),
    });
    for (name, value) in values.each() {
        if let Some(chorus_model::Value::Texts(texts)) = value {
            scene[name] = json!(texts);
        }
    }
    let minutes = json!(values.decimal("estimated_runtime_minutes").to_f64());
    for (names, value) in [
        (["scene_number", "number"], json!(values.text("scene_number"))),
        (["scene_description", "description"], json!(values.text("scene_description"))),
        (["day_night", "timeOfDay"], json!(values.text("day_night").to_uppercase())),
        (["estimated_runtime_minutes", "estimatedDuration"], minutes),
        (["vfx_required", "vfx"], json!(values.flag("vfx_required"))),
        (["scene_status", "status"], json!(titled(values.text("scene_status")))),
    ] {
        for name in names {
            scene[name] = value.clone();
        }
    }
    scene
}

fn shot(item: &Item) -> Value {
    let values = &item.values;
    let scene = match values.get("scene_id") {
        Some(chorus_model::Value::Item(id)) => id.to_string(),
        _ => String::new(),
    };
    let version = |item: &Item| {
        json!({
            "version": item.values.text("label"),
            "date": day(item, "date"),
            "status": item.values.text("status"),
            "notes": item.values.text("notes"),
            "fileSize": item.values.text("file_size"),
        })
    };
    let assignee = item.person("assignee_id");
    json!({
        "id": item.head.id.to_string(),
        "shotName": values.text("shot_name"),
        "sceneId": scene,
        "description": values.text("description"),
        "status": values.text("status"),
        "priority": if values.text("priority") == "critical" { "high" } else { values.text("priority") },
        "assignee": assignee.map(|person| &*person.full_name).unwrap_or_default(),
        "dueDate": values.instant("due_date").map(Timestamp::day).unwrap_or_default(),
        "versions": item.inside.iter().map(version).collect::<Vec<_>>(),
        "estimatedHours": values.decimal("estimated_hours").to_f64(),
        "complexity": values.text("complexity"),
    })
}

fn asset(item: &Item) -> Value {
    json!({
        "id": item.head.id.to_string(),
        "name": item.values.text("name"),
        "size": item.values.decimal("size").units(),
        "type": item.values.text("media_type"),
        "uploadDate": item.head.created_at.naive(),
        "url": format!("/api/v1/assets/{}/file", item.head.id),
    })
}

fn total(totals: &Totals, sum: &str) -> f64 {
    totals.whole.sums.get(sum).map_or(0.0, |value| value.to_f64())
}

/// The day that is said, or on which it was written down.
fn day(item: &Item, field: &str) -> String {
    item.values.instant(field).unwrap_or(item.head.created_at).day()
}

/// `Not Shot` of `not_shot`.
fn titled(word: &str) -> String {
    let words = word.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}
