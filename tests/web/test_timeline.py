"""The timeline: asked for, made by a job, read with its hash."""

from collections.abc import Callable

import backstage
from beatstitch.db.jobs import Job
from beatstitch.timeline import edl
from callers import Caller, refused


def test_a_timeline_is_made_by_a_job(anna: Caller, ready_project: str) -> None:
    started = anna.post(f"{ready_project}/timeline/generate")

    assert started.status_code == 202
    job = Job.get_by_id(started.json["job_id"])
    assert (job.kind, job.args) == (
        "timeline_build",
        {"project_id": ready_project.rpartition("/")[2]},
    )
    assert started.json["status"] == "queued"
    assert started.headers["Location"] == f"/api/jobs/{job.id}"


def test_one_timeline_is_made_at_a_time(anna: Caller, ready_project: str) -> None:
    first = anna.post(f"{ready_project}/timeline/generate").json["job_id"]

    second = anna.post(f"{ready_project}/timeline/generate")

    assert refused(second, 409, "conflict")["details"]["existing_job_id"] == first
    assert anna.get(f"{ready_project}/timeline/status").json["job_id"] == first


def test_a_timeline_waits_for_beats_and_media(anna: Caller) -> None:
    project = anna.project()
    empty = anna.post(f"{project}/timeline/generate")
    backstage.looked_at(anna.medium(project))
    anna.medium(project)
    backstage.heard(anna.song(project)["analysis_job_id"])

    pending = anna.post(f"{project}/timeline/generate")

    assert refused(empty, 400, "precondition_failed")["details"] == {
        "media_ready": 0,
        "media_pending": 0,
        "beats_complete": False,
    }
    assert refused(pending, 400, "precondition_failed")["details"] == {
        "media_ready": 1,
        "media_pending": 1,
        "beats_complete": True,
    }


def test_settings_that_come_with_the_wish_are_the_projects(
    anna: Caller, ready_project: str
) -> None:
    wish = {"settings": {"beats_per_cut": 2}}

    started = anna.post(f"{ready_project}/timeline/generate", wish)
    backstage.built(started.json["job_id"])

    assert anna.get(ready_project).json["settings"]["beats_per_cut"] == 2
    assert anna.get(f"{ready_project}/timeline").json["settings_used"]["beats_per_cut"] == 2


def test_settings_of_a_wish_that_is_refused_change_nothing(anna: Caller) -> None:
    project = anna.project()

    refused(
        anna.post(f"{project}/timeline/generate", {"settings": {"beats_per_cut": 2}}),
        400,
        "precondition_failed",
    )

    assert anna.get(project).json["settings"]["beats_per_cut"] == 4


def test_the_timeline_is_the_edl_with_its_hash(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    edl_hash = with_timeline(ready_project)

    answer = anna.get(f"{ready_project}/timeline")

    shown = answer.json
    assert answer.headers["ETag"] == f'"{edl_hash}"'
    assert (shown["edl_hash"], shown["stale"]) == (edl_hash, False)
    assert shown["segment_count"] == len(shown["segments"]) > 0
    assert shown["total_duration_ms"] == shown["segments"][-1]["timeline_out_ms"]
    assert shown["settings_used"] == shown["settings"] == anna.get(ready_project).json["settings"]
    assert "source_path" not in shown["segments"][0]
    # What is shown is the document itself, so its hash can be taken again from the answer.
    assert edl.edl_hash(edl.loads(answer.data)) == edl_hash
    status = anna.get(f"{ready_project}/timeline/status").json
    assert (status["generated"], status["edl_hash"], status["job_id"]) == (True, edl_hash, None)


def test_without_a_timeline_the_way_to_one_is_named(anna: Caller) -> None:
    project = anna.project()

    body = refused(anna.get(f"{project}/timeline"), 404, "not_found")

    assert body["details"]["hint"] == f"POST /api{project}/timeline/generate"
    assert anna.get(f"{project}/timeline/status").json["generated"] is False


def test_rules_for_sections_are_kept_and_make_the_timeline_stale(
    anna: Caller, ready_project: str
) -> None:
    backstage.built(anna.post(f"{ready_project}/timeline/generate").json["job_id"])
    rules = [
        {"section": "low", "beats_per_cut": 8, "transition_type": None},
        {"section": "drop", "beats_per_cut": 1, "transition_type": "zoom"},
    ]

    changed = anna.patch(f"{ready_project}/settings", {"section_rules": rules})

    assert changed.status_code == 200, changed.text
    assert changed.json["timeline_invalidated"]
    assert changed.json["settings"]["section_rules"] == rules
    backstage.built(anna.post(f"{ready_project}/timeline/generate").json["job_id"])
    shown = anna.get(f"{ready_project}/timeline").json
    assert (shown["stale"], shown["settings_used"]["section_rules"]) == (False, rules)


def test_rules_that_make_no_sense_are_refused_by_their_place(
    anna: Caller, ready_project: str
) -> None:
    rules = [{"section": "low", "beats_per_cut": "8"}]

    answer = anna.patch(f"{ready_project}/settings", {"section_rules": rules})

    place = refused(answer, 422, "validation_error")["detail"][0]["loc"]
    assert place == ["body", "section_rules", 0, "beats_per_cut"]
