"""Satu Ambulans Satu Desa of South Sumatra: a province of seventeen centres, a car in every village, one number."""

import contextlib
import resource
import time
from datetime import datetime, timedelta

from gateway.demo.broker import find_mosquitto
from gateway.demo.errors import DemoError
from gateway.drills.drill import Drill, Plan
from gateway.drills.scenes import (
    House,
    alarms,
    assign,
    candidates,
    district,
    furnish,
    hospitals,
    incident_of,
    open_incident,
    report,
    status,
    until_state,
)
from gateway.drills.sisrute_double import DIAGNOSIS, HOSPITAL, NUMBER, PATIENT, sisrute
from gateway.drills.stack import Stack
from gateway.storage.units import Unit
from tracker import regions

CLAUSES = (
    "seventeen centres stand under the province",
    "3,259 villages, a unit each",
    "one number: calls from two regencies stand in one list, each with its centre",
    "five areas have another code in the other registry, and both find the centre",
    "a village's private car is not tracked without its owner's consent",
    "with consent and on duty it can be sent, and before neither",
    "police see the incidents that are shared with them, and the units on the way",
    "police see no other incident, no other unit and nothing of the patient",
    "a share ends by itself, and shows nothing any more",
    "every look of theirs is kept",
    "referral: number, hospital and diagnosis code come from SISRUTE",
    "referral: the patient's name is nowhere in what the centre keeps or shows",
    "referral: the arrival stands beside the number",
    "a hospital that closes while a unit is inbound is an alarm with the next best one",
    "a patient crosses from one centre to another: one mission, one unit, all the way",
    "the hospital beyond the border sees who comes, and when",
    "load: 3,259 units connect and deliver a fix each",
    "load: one fix every 5 s of each of them is stored, and none is lost",
    "load: the live picture has all of them",
)

_HOUSES = (
    House("rs-palembang-1", "RS drill Palembang 1", "Kertapati", ("igd", "bedah")),
    House("rs-palembang-2", "RS drill Palembang 2", "Bukitkecil", ("igd", "bedah")),
    House("rs-indralaya", "RS drill Indralaya", "Indralaya", ("igd",)),
)

_OTHER = "BUDI CONTOH"
_VILLAGES = 3_259
_EVERY_S = 5.0
_ROUNDS = 2
_CONNECT_S = 240.0


def province(drill: Drill) -> None:
    """Members, villages, numbers, codes."""
    profile = regions.load("sumsel")
    furnish(drill, _HOUSES)
    drill.put("conditions/patah-tulang", {"name": "Patah tulang", "capabilities": ["bedah"]})
    members = drill.get("members")["members"]
    drill.check(CLAUSES[0], len(members) == 17, ", ".join(each["id"] for each in members))
    villages = sum(each["desa"] + each["kelurahan"] for each in members)
    units = regions.village_units(profile)
    drill.check(CLAUSES[1], villages == len(units) == _VILLAGES, f"{villages} villages, {len(units)} units")
    opened = []
    for line, name, number in (("119", "Ilir Timur Satu", "0813000001"), ("119", "Indralaya", "0813000002")):
        taken = report(drill, line, district(drill, name, north=0.004), number=number)
        opened.append(incident_of(drill, taken, kind="kecelakaan"))
    listed = {each["id"]: each["member"] for each in drill.get("incidents")["incidents"]}
    found = [listed.get(each["id"]) for each in opened]
    drill.check(CLAUSES[2], profile.numbers[0].number == "119" and found == ["palembang", "ogan-ilir"], found)
    drill.kept["palembang"], drill.kept["ogan-ilir"] = (each["id"] for each in opened)
    differ = [each for each in members if each["code"].replace(".", "") != each["bps"]]
    both = [
        (drill.get("members", code=each["code"])["members"], drill.get("members", code=each["bps"])["members"])
        for each in differ
    ]
    right = all([one[0]["id"] for one in pair] == [each["id"]] * 2 for each, pair in zip(differ, both, strict=True))
    told = ", ".join(f"{each['id']} {each['code']}/{each['bps']}" for each in differ)
    drill.check(CLAUSES[3], len(differ) == 5 and right, told)


def consent(drill: Drill) -> None:
    """A citizen's car."""
    known = {each["unit"] for each in drill.get("units")["units"]}
    drill.check(CLAUSES[4], "ambulans-10" not in known, f"{len(known)} units are enrolled, ambulans-10 is not")
    drill.stack.enrol([Unit("ambulans-10", "Ambulans 10", "ambulance")])
    drill.pass_time(15, 5)
    drill.put("owners/warga-indralaya", {"name": "Warga Indralaya", "units": ["ambulans-10"]})
    drill.pass_time(15, 5)
    before = {each["unit"]: each["tier"] for each in candidates(drill, drill.kept["ogan-ilir"])}.get("ambulans-10")
    drill.put("units/ambulans-10/details", {"agency": "dinkes"})
    drill.put("owners/warga-indralaya/consent", {"person": "Pemilik mobil"})
    drill.put("units/ambulans-10/duty/windows", {"windows": "mon-sun 00:00-24:00"})
    drill.pass_time(15, 5)
    after = {each["unit"]: each["tier"] for each in candidates(drill, drill.kept["ogan-ilir"])}.get("ambulans-10")
    drill.check(CLAUSES[5], before != "fit" and after == "fit", f"{before} before, {after} after")


def police(drill: Drill) -> None:
    """Sumsel Tanggap."""
    shared, hidden = drill.kept["palembang"], drill.kept["ogan-ilir"]
    unit = next(
        each["unit"]
        for each in candidates(drill, shared)
        if each["unit"] in ("ambulans-01", "ambulans-02", "ambulans-03")
    )
    drill.patch(f"incidents/{shared}", {"notes": f"pasien {_OTHER}"})
    mission = assign(drill, unit, shared)
    drill.pass_time(20, 5)
    until = drill.now + timedelta(minutes=4)
    body = {"name": "Sumsel Tanggap", "until": until.isoformat(), "incidents": [shared], "crews": True}
    made = drill.post("shares", body)
    token = made["token"]
    incidents = drill.get(f"shared/{token}/incidents")["incidents"]
    units = drill.get(f"shared/{token}/units")["units"]
    seen = [each["id"] for each in incidents], [each["unit"] for each in units]
    drill.check(CLAUSES[6], seen == ([shared], [unit]), seen)
    text = f"{incidents} {units}"
    drill.check(CLAUSES[7], hidden not in text and _OTHER not in text and len(units) == 1, f"{len(text)} characters")
    drill.pass_time(300, 5)
    over = drill.ask("GET", f"shared/{token}/units")
    drill.check(CLAUSES[8], over.status_code in (403, 404, 410), over.status_code)
    looks = drill.get(f"shares/{made['share']['id']}/accesses")["accesses"]
    drill.check(CLAUSES[9], len(looks) >= 2, f"{len(looks)} looks")
    drill.patch(f"missions/{mission}", {"state": "ended"})


def referral(drill: Drill) -> None:
    """From Ogan Ilir to Palembang, by SISRUTE; the first hospital closes on the way."""
    incident = open_incident(drill, district(drill, "Pemulutan"), kind="rujukan", condition="patah-tulang")
    unit = "ambulans-10"
    mission = assign(drill, unit, incident["id"])
    attached = drill.post(f"missions/{mission}/referral", {"system": "sisrute", "number": NUMBER})
    told = attached["number"], attached["hospital_code"], attached["diagnosis"]
    drill.check(CLAUSES[10], told == (NUMBER, HOSPITAL, DIAGNOSIS), f"{told}, {attached['state']}")
    shown = f"{drill.get(f'missions/{mission}/referral')} {drill.get(f'missions/{mission}')}"
    drill.check(CLAUSES[11], PATIENT not in shown and not _in_database(drill, PATIENT), "in no answer and no column")
    until_state(drill, mission, "at-scene", 1800)
    first, second = (each["place"]["id"] for each in hospitals(drill, incident["id"])[:2])
    drill.patch(f"missions/{mission}", {"destination": {"place": first}})
    drill.pass_time(300, 5, lambda: status(drill, unit) == "patient-aboard")
    drill.pass_time(20, 5)
    eta = drill.get(f"missions/{mission}/referral")["eta"]
    drill.check(CLAUSES[12], eta and eta["eta_s"], eta)
    drill.put(f"facilities/{first}/state", {"diversion_because": "IGD penuh", "at": drill.now.isoformat()})
    drill.pass_time(10)
    told_of = alarms(drill, "hospital-closed", unit)
    drill.check(CLAUSES[13], told_of and second in str(told_of[0]), told_of[0]["detail"] if told_of else "no alarm")
    drill.patch(f"missions/{mission}", {"destination": {"place": second}})
    drill.pass_time(30, 5)
    inbound = drill.get(f"facilities/{second}/inbound")["inbound"]
    seen = [each["unit"] for each in inbound]
    drill.check(CLAUSES[15], seen == [unit] and inbound[0]["eta_s"], inbound)
    until_state(drill, mission, "ended", 7200, 30)
    done = drill.mission(mission)
    arrived = [each["arrived_at"] for each in done["legs"]]
    drill.check(CLAUSES[14], all(arrived) and done["unit"] == unit, f"{incident['member']} to palembang: {arrived}")


def load(drill: Drill) -> None:
    """Every village's car at once."""
    units = regions.village_units(regions.load("sumsel"))
    drill.stack.enrol([Unit(each.id, each.name, each.kind) for each in units])
    drill.stack.end_fleet()
    drill.pass_time(15, 15)
    drill.stack.start_fleet(_VILLAGES + 12, _EVERY_S, seed=2)
    drill.order(patience_s=_CONNECT_S)
    drill.tick(timedelta(seconds=_EVERY_S), patience_s=_CONNECT_S)
    positions = [each for each in drill.get("units")["units"] if each["position"] is not None]
    drill.check(CLAUSES[16], len(positions) >= _VILLAGES, f"{len(positions)} units have a position")
    before, began = drill.get("intake")["counters"], time.monotonic()
    for _ in range(_ROUNDS):
        drill.tick(timedelta(seconds=_EVERY_S), patience_s=_CONNECT_S)
    took = time.monotonic() - began
    after = drill.get("intake")["counters"]
    stored, twice = (after[name] - before[name] for name in ("stored", "duplicate"))
    enrolled = len(drill.get("units")["units"])
    speed = f"{took / _ROUNDS:.1f} s of this machine a round"
    told = f"{stored} stored in {_ROUNDS} rounds, {twice} came again and changed nothing; {speed}"
    drill.check(CLAUSES[17], stored == _ROUNDS * enrolled, told)
    fresh = [each for each in drill.get("units")["units"] if _age(drill, each) <= 2 * _EVERY_S]
    drill.check(CLAUSES[18], len(fresh) >= _VILLAGES, f"{len(fresh)} of {enrolled} are as old as one report")


def _age(drill: Drill, unit: dict[str, dict[str, str]]) -> float:
    position = unit["position"]
    return 1e9 if position is None else drill.elapsed(datetime.fromisoformat(position["fix_time"]))


def _in_database(drill: Drill, text: str) -> bool:
    """Whether it stands anywhere but in what a dispatcher wrote himself."""
    return any(text in str(row) for table in ("referrals", "missions", "events") for row in drill.stack.rows(table))


def _begin(stack: Stack, opened: contextlib.ExitStack) -> None:
    """A system of referrals to ask, and leave for as many connections as there are villages."""
    if find_mosquitto() is None:
        raise DemoError("this drill needs a Mosquitto on this machine: the embedded broker takes a thousand units")
    stack.settings |= opened.enter_context(sisrute())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _VILLAGES if hard == resource.RLIM_INFINITY else min(hard, 2 * _VILLAGES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


PLAN = Plan(
    "sumsel",
    CLAUSES,
    (province, consent, police, referral, load),
    units=12,
    members=("palembang", "ogan-ilir"),
    begin=_begin,
)
