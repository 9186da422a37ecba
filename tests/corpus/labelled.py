#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes labelled.jsonl: numbers behind their labels, in sentences, banners, tables, JSON, XML, X12 and HL7, and
decoys without any. Values are made at random from a fixed seed; telephones are 555-01xx, hosts are example.org.

Usage: labelled.py > labelled.jsonl
"""
import json
import random
import re

R = random.Random(20240601)


def digits(n):
    return str(R.randint(1, 9)) + "".join(str(R.randint(0, 9)) for _ in range(n - 1))


def letters(n):
    return "".join(R.choice("ABCDEFGHJKLMNPRSTUVWXY") for _ in range(n))


def code():
    return R.choice([
        lambda: digits(R.randint(6, 10)), lambda: "0" * R.randint(1, 3) + digits(6), lambda: letters(1) + digits(R.randint(6, 9)),
        lambda: letters(2) + "-" + digits(R.randint(5, 8)), lambda: letters(3) + digits(8),
        lambda: digits(3) + "-" + digits(2) + "-" + digits(3), lambda: digits(4) + "-" + digits(6),
        lambda: letters(2) + "-" + digits(2) + "-" + digits(5), lambda: digits(8) + "-" + digits(2),
    ])()


def short_code():
    return R.choice([lambda: digits(4), lambda: digits(5), lambda: letters(1) + digits(4), lambda: digits(3) + "-" + digits(4)])()


def phone():
    a, e = R.choice(["617", "212", "415", "303", "919"]), "555"
    n = "01%02d" % R.randint(0, 99)
    return R.choice(["%s-%s-%s", "(%s) %s-%s", "%s.%s.%s", "%s %s %s", "%s%s%s", "+1 %s %s %s", "1-%s-%s-%s",
                     "(%s)%s-%s", "%s/%s-%s"]) % (a, e, n)


def phone_long():
    return R.choice([lambda: phone() + R.choice([" x%s", " ext. %s", " ext %s", ", ext. %s"]) % digits(3),
                     lambda: "+44 20 7946 0" + digits(3), lambda: "+49 30 " + digits(3) + " " + digits(4),
                     lambda: "0" + digits(3) + " " + digits(2) + " " + digits(2) + " " + digits(2)])()


def uuid():
    return "-".join("".join(R.choice("0123456789abcdef") for _ in range(n)) for n in (8, 4, 4, 4, 12))


def vin():
    return "1" + letters(3) + digits(2) + letters(2) + "X" + letters(1) + digits(7)


def plate():
    return R.choice([lambda: letters(3) + "-" + digits(4), lambda: digits(1) + letters(3) + digits(3), lambda: letters(3) + " " + digits(3)])()


def licence():
    return R.choice([lambda: letters(1) + digits(7), lambda: digits(8), lambda: digits(9), lambda: letters(1) + digits(12),
                     lambda: letters(2) + digits(6), lambda: digits(4) + "-" + digits(2) + "-" + digits(4)])()


def serial():
    return R.choice([lambda: letters(3) + digits(6), lambda: digits(8), lambda: letters(2) + "-" + digits(6), lambda: digits(2) + letters(2) + digits(5)])()


# type, labels, value
KINDS = [
    ("MRN", "MRN|mrn|MRN#|M.R.N.|MR #|MR No.|Med Rec No|Med Rec #|medical record number|Medical Record No.|Medical Record #|"
     "med. rec. no.|chart number|Chart #|chart no.|patient ID|Patient ID|pt ID|Pt #|patient number|Patient No.|Unit No|unit number|"
     "EMPI|Enterprise ID|hospital number|Hospital No.|record number|Record #|medical record ID|EMR ID|EHR ID|clinic number", code),
    ("OTHER_ID", "CSN|encounter number|Encounter #|encounter ID|Enc. No.|visit number|Visit #|visit no.|visit ID|FIN|FIN #|FIN number|"
     "admission number|Admission ID|episode number|contact serial number|appointment ID|registration number", code),
    ("ACCOUNT", "account number|Account #|Acct #|acct no.|Acct. No.|account no.|patient account number|Patient Account #|hospital account|"
     "HAR|guarantor account|Guarantor #|guarantor number|guarantor ID|invoice number|Invoice #|invoice no.|statement number|billing account|"
     "Bill #|checking account number|bank account number|savings account no.|routing number", code),
    ("HEALTH_PLAN", "member ID|Member ID#|Member #|member number|Member No.|subscriber ID|Subscriber #|subscriber number|Subscriber No.|"
     "policy number|Policy #|policy no.|Policy ID|insurance ID|Insurance ID #|insurance policy number|insurance number|insurance policy|"
     "Insured's ID|insured ID number|beneficiary ID|beneficiary number|health plan ID|Health Plan Number|health plan beneficiary number|"
     "cardholder ID|Medicaid ID|Medicaid #|Medicaid number|Medicaid No.|Medicare number|Medicare #|Medicare ID|Aetna ID|BCBS ID|"
     "Cigna member ID|Humana ID|UHC member #|Tricare ID|contract number|plan ID|payer ID|certificate number|insurance card number", code),
    ("HEALTH_PLAN", "group number|Group #|group no.|Group ID|Grp #|RxGrp|Rx Group|employer group number", short_code),
    ("OTHER_ID", "claim number|Claim #|claim no.|claim ID|Claim ID|ICN|DCN|claim control number|payer claim control number|EOB number|"
     "remittance number|check number|Check #|EFT trace number|appeal number", code),
    ("OTHER_ID", "prior auth number|Prior Auth #|prior authorization number|PA #|auth #|Auth No.|authorization number|authorization #|"
     "authorization code number|pre-auth number|preauthorization #|precert number|Precert #|referral number|Referral #|referral ID|Referral No.|"
     "approval number", code),
    ("OTHER_ID", "Rx #|Rx number|Rx No.|RX#|prescription number|Prescription #|prescription no.|script number", lambda: digits(7)),
    ("OTHER_ID", "accession number|Accession #|accession no.|Accession|accession ID|specimen ID|Specimen #|specimen number|specimen|sample ID|"
     "Lab #|lab number|order number|Order #|order ID|order no.|requisition number|Requisition #|req #|pathology number|Path #|surgical pathology no.|"
     "cytology number|study accession|exam number", code),
    ("OTHER_ID", "case number|Case #|case no.|case ID|case ref|study ID|Study ID|study subject number|subject ID|Subject #|subject number|"
     "participant ID|participant number|trial ID|trial number|trial subject ID|randomization number|registry ID|screening number|incident number|"
     "Incident #|police report number|police report #|report number|docket number|badge number|Badge #|badge ID|employee ID|employee number|"
     "Employee #|student ID|inmate number|booking number|ticket number|tracking number|confirmation number|transaction ID|Job #|dictation ID|"
     "document number|portal user ID|wristband ID|reference number|Ref #|ref no.|locker number|run number", code),
    ("OTHER_ID", "UUID|patient UUID|case ref|document ID|record GUID|encounter ID|FHIR ID", uuid),
    ("DEVICE", "serial number|Serial #|serial no.|Serial No|S/N|SN|device serial number|device ID|device serial|pump serial number|"
     "pacemaker serial number|generator serial number|lead serial no.|implant serial number|CPAP serial number|IMEI|device identifier|"
     "meter serial number|transmitter ID|sensor serial #", serial),
    ("VEHICLE", "VIN|VIN #|VIN number|vehicle identification number|vehicle ID", vin),
    ("VEHICLE", "license plate|License Plate #|plate number|Plate #|plate|license plate number|plate no.|vehicle tag number|tag number|tag #", plate),
    ("LICENSE", "driver's license|Driver's License #|drivers license number|driver license no.|DL|DL #|DL number|D.L. number|"
     "driver's license number|state ID|State ID #|state ID number|learner's permit number|passport|passport number|Passport #|passport no.|"
     "green card number|alien number|national ID", licence),
    ("LICENSE", "medical license|Medical License #|medical license number|state license|State License #|license number|License No.|Lic #|"
     "license #|nursing license number|RN license #|pharmacist license number|CLIA number|CLIA #|NPI|NPI #|NPI number|DEA|DEA #|DEA number|"
     "UPIN|registration no.|board certification number|provider ID|provider number", licence),
    ("SSN", "SSN|SSN #|social security number|Social Security #|social security no.|SS #|soc sec no.|Soc. Sec. #", lambda: R.choice(
        ["987-65-43%s", "900 12 34%s", "9001234%s"]) % digits(2)),
    ("PHONE", "phone|Phone #|phone number|Phone No.|Ph|Tel|Tel.|telephone|telephone number|cell|Cell #|cell phone|cell number|mobile|"
     "mobile phone|home phone|Home Phone|work phone|Work #|contact number|contact|contact phone|daytime phone|evening phone|callback number|"
     "call back number|emergency contact number|emergency contact phone|reach her at|reached at|call him at|call me on|text her at|"
     "landline|office phone|H|hotline", phone),
    ("PHONE", "phone|Phone number|tel|mobile|cell|call me at|reached at|work phone|contact number", phone_long),
    ("PHONE", "pager|Pager #|beeper|pager number|pgr", lambda: digits(R.randint(4, 6))),
    ("FAX", "fax|Fax #|fax number|Fax No.|FAX|facsimile|fax to|faxed to|eFax", phone),
    ("ZIP", "zip|ZIP code|zip code|postal code|ZIP", lambda: digits(5)),
    ("IP", "IP|IP address|logged in from|host|client IP", lambda: "192.0.2.%d" % R.randint(1, 254)),
]
JOINS_PROSE = [" ", ": ", " is ", " was ", " #", " - ", ", listed as ", " of "]
JOINS_FORM = [": ", ":", " = ", "=", "  ", " - ", ":\t", ":\n", " : ", ": #", " is ", ":  "]
BEFORE = ["", "Please verify ", "Her ", "The patient's ", "Patient with ", "Seen today, ", "Per the front desk, ", "Please pull the chart. ",
          "Reviewed the records (", "Confirmed "]
AFTER = [".", ", please advise.", " and will follow up.", " on file.", "; see note.", "?", "\nSeen in clinic today.", " for this visit."]


def glue(parts):
    text, spans = "", []
    for part in parts:
        if isinstance(part, tuple):
            spans.append({"start": len(text), "end": len(text) + len(part[1]), "type": part[0], "raw_type": part[0]})
            text += part[1]
        else:
            text += part
    return text, spans


def sentence(kind, label, value):
    join = R.choice(JOINS_PROSE)
    if join == " #" and "#" in label:
        join = " "
    if label.split()[-1] in ("at", "on", "to"):
        join = " "
    before, after = R.choice(BEFORE), R.choice(AFTER)
    return glue([before, label, join, (kind, value), ")" + after if before.endswith("(") else after])


def form(kind, label, value):
    lines = []
    if label.split()[-1] in ("at", "on", "to"):
        return sentence(kind, label, value)
    for extra in R.sample(["Chief complaint: cough", "Vitals: BP 120/80", "Allergies: NKDA", "Plan: return as needed"], 2):
        lines += [extra + "\n"]
    style = R.choice([str, str, str.upper, str.title])
    row = [style(label), R.choice(JOINS_FORM), (kind, value), "\n"]
    return glue(lines[:1] + row + lines[1:])


def bracket(kind, label, value):
    if label.split()[-1] in ("at", "on", "to"):
        return sentence(kind, label, value)
    return glue(["Discussed with the family (", label, R.choice([" ", ": ", " #"]).replace(" #", " " if "#" in label else " #"), (kind, value), ") today."])


def cell(kind, label, value):
    if label.split()[-1] in ("at", "on", "to"):
        return sentence(kind, label, value)
    return glue(["| Field | Value |\n|---|---|\n| ", label, " | ", (kind, value), " |\n| Reason | cough |\n"])


def several(kind, label, value):
    twin = "".join(R.choice("0123456789") if c.isdigit() else c for c in value)
    return glue([label, R.choice([" ", ": "]), (kind, value), R.choice([", ", " and ", " / "]), (kind, twin), " were merged."])


def labelled():
    for kind, labels, value in KINDS:
        for label in labels.split("|"):
            for frame in (sentence, form, bracket, cell) + ((several,) if value is code else ()):
                if value is short_code and frame is sentence and "#" not in label and "n" not in label.lower():
                    continue
                yield frame(kind, label, value())


COLUMNS = [("MRN", "mrn|MRN|patient_id|PatientID|medical_record_number|Chart #", code), ("DATE", "dob|DOB|birth_date|DateOfBirth", lambda: "19%s-0%s-1%s" % (R.randint(30, 99), digits(1), digits(1))),
           ("PHONE", "phone|Phone|home_phone|cell|mobile_number", phone), ("HEALTH_PLAN", "member_id|subscriber_id|policy_number|MemberID", code),
           ("ACCOUNT", "account_number|acct_no|AccountNumber", code), ("OTHER_ID", "claim_id|accession_number|encounter_id|order_id|ClaimNumber", code),
           ("SSN", "ssn|SSN|social_security_number", lambda: "987-65-43" + digits(2)), ("EMAIL", "email|email_address|Email", lambda: "p%s@example.org" % digits(4)),
           ("ZIP", "zip|zip_code|postal_code", lambda: digits(5)), ("LOCATION", "address|street_address|address1", lambda: digits(3) + " Quill Street"),
           ("DEVICE", "serial_number|device_serial|imei", serial), ("LICENSE", "npi|dea_number|drivers_license", licence)]
PLAIN = [("diagnosis", "E11.9"), ("status", "active"), ("weight_kg", "81.5"), ("notes", "stable"), ("units", "mg/dL")]


def table(mark):
    columns = R.sample(COLUMNS, 4) + [None]
    plain = R.choice(PLAIN)
    names = [R.choice(c[1].split("|")) if c else plain[0] for c in columns]
    parts = ["Export below.\n", mark.join(names) + "\n"]
    if mark == " | ":
        parts = ["| " + mark.join(names) + " |\n", "|" + "---|" * 5 + "\n"]
    for _ in range(3):
        parts.append("| " if mark == " | " else "")
        for i, c in enumerate(columns):
            parts += [mark if i else "", (c[0], c[2]()) if c else plain[1]]
        parts.append(" |\n" if mark == " | " else "\n")
    return glue(parts)


def json_text():
    parts = [R.choice(["Summarize: ", "Payload:\n", ""]), "{"]
    quote = R.choice(['"', '"', '\\"'])
    for i, c in enumerate(R.sample(COLUMNS, 4)):
        name = R.choice(c[1].split("|")).replace(" #", "_no")
        parts += [", " if i else "", quote, name, quote + ": " + quote, (c[0], c[2]()), quote]
    return glue(parts + [", ", quote, "status", quote, ": ", quote, "active", quote, "}"])


def fhir():
    return glue(['{"resourceType":"Patient","identifier":[{"system":"', ("URL", "http://hospital.example.org/mrn"), '","value":"', ("MRN", code()),
                 '"}],"name":[{"family":"', ("NAME", R.choice(["Quillen", "Abernathy", "Nakamura"])), '","given":["', ("NAME", R.choice(["Jane", "Omar"])),
                 '"]}],"telecom":[{"system":"phone","value":"', ("PHONE", phone()), '"},{"system":"email","value":"', ("EMAIL", "p@example.org"),
                 '"}],"birthDate":"', ("DATE", "1964-03-0" + digits(1)), '","address":[{"line":["', ("LOCATION", digits(3) + " Quill Street"), '"],"city":"',
                 ("LOCATION", R.choice(["Springfield", "Salem"])), '","state":"MA","postalCode":"', ("ZIP", digits(5)), '"}]}'])


def x12():
    return glue(["NM1*IL*1*", ("NAME", "QUILLEN"), "*", ("NAME", "JANE"), "****MI*", ("HEALTH_PLAN", letters(3) + digits(9)), "~N3*", ("LOCATION", digits(3) + " QUILL ST"),
                 "~N4*", ("LOCATION", "SALEM"), "*MA*", ("ZIP", digits(5)), "~DMG*D8*", ("DATE", "19640304"), "*F~CLM*", ("OTHER_ID", digits(8)), "*125***11:B:1*Y*A*Y*Y~REF*",
                 "G1*", ("OTHER_ID", code()), "~REF*EA*", ("MRN", code()), "~HI*ABK:E119~PER*IC**TE*", ("PHONE", "61755501" + digits(2)), "~"])


def ccda():
    return glue(['<patientRole><id extension="', ("MRN", code()), '" root="2.16.840.1.113883.19.5"/><addr><streetAddressLine>', ("LOCATION", digits(3) + " Quill Street"),
                 "</streetAddressLine><city>", ("LOCATION", "Salem"), "</city><state>MA</state><postalCode>", ("ZIP", digits(5)), '</postalCode></addr><telecom value="tel:',
                 ("PHONE", phone()), '"/><patient><name><given>', ("NAME", "Omar"), "</given><family>", ("NAME", "Quillen"), '</family></name><birthTime value="', ("DATE", "19640304"),
                 '"/></patient></patientRole>'])


def hl7():
    return glue(["MSH|^~\\&|EPIC|MAIN|LAB|MAIN|", ("DATE", "20240304101500"), "||ADT^A01|1|P|2.5\rPID|1||", ("MRN", code()), "^^^MAIN^MR||", ("NAME", "QUILLEN"), "^", ("NAME", "JANE"), "^Q||",
                 ("DATE", "19640304"), "|F|||", ("LOCATION", digits(3) + " Quill Street"), "^^", ("LOCATION", "Salem"), "^MA^", ("ZIP", digits(5)), "||", ("PHONE", phone()), "|||||",
                 ("ACCOUNT", digits(9)), "|", ("SSN", "987-65-43" + digits(2)), "\rPV1|1|I|ICU^12^B||||", ("LICENSE", digits(6)), "^", ("NAME", "Abernathy"), "^", ("NAME", "Omar"), "||||||||||||", ("OTHER_ID", digits(8)), "\r"])


# Layouts: in braces the kind and the shape of a value.
LAYOUTS = r"""MRN ............ {MRN:code}     Loc ....... 4 West
Chart no. ______ {MRN:code}
Policy number:                               {HEALTH_PLAN:code}
[MRN] {MRN:code} [SEX] F [EXAM] CT head
[ID] {MRN:code} [STUDY] echo
Your MRN, if known: {MRN:long}
Policy number, if any: {HEALTH_PLAN:long}
MRN here {MRN:long}, seen today
HAR/Visit: {ACCOUNT:long} / {OTHER_ID:lettered}
MRN: {MRN:long} (old {MRN:long})
He is covered by a Medicaid plan\nnumber {HEALTH_PLAN:long} since spring
please send her medical record\nnumber {MRN:long} with the films
the form says it is her MRN\n{MRN:long} and nothing else
<b>MRN:</b> {MRN:long}
MRN · {MRN:long} · F
HX#: {MRN:long}
the county intake {OTHER_ID:long} stays open
ride home, confirm. {OTHER_ID:mixed}.
guardian (court file {OTHER_ID:court})
Probate case {OTHER_ID:court}
Our matter {OTHER_ID:pair}
Bar No. {LICENSE:six}
Thread #{OTHER_ID:lettered}
RQID {OTHER_ID:lettered}
the POLST form\nno. {OTHER_ID:long} hangs on the door
Credo # {MRN:six}
Message from the portal (patient, {MRN:long})
Ins: QuillCare Basic {HEALTH_PLAN:long}
CARRIER: State Fund, {HEALTH_PLAN:lettered}.
send-out ref {OTHER_ID:grouped}.
Verify at the desk, code {OTHER_ID:passcode}.
Blood bank hold {OTHER_ID:lettered}
Signed electronically, LMFT {LICENSE:six}
Signed electronically, LCSW (GA {LICENSE:lettered})
Signed electronically, MD      OH {LICENSE:lettered}
FNA ({OTHER_ID:path}, Bethesda III)
Blocks A1-A9 ({NAME:typist}).
Printed by {OTHER_ID:login} at the desk
> {OTHER_ID:login} wrote:\n> thanks
Facial recognition matched ({OTHER_ID:biometric})
Vehicle tag: {VEHICLE:plate3}
truck (TX {VEHICLE:plate3})
interpreter {NAME:person} #{OTHER_ID:six}
unit {OTHER_ID:blood} hung
Patient: {NAME:listed}     {MRN:long}     F""".splitlines()
SHAPES = {
    "code": code, "long": lambda: digits(8), "six": lambda: digits(6), "lettered": lambda: letters(2) + digits(6), "mixed": lambda: letters(2) + "-" + digits(2) + letters(1) + digits(2) + letters(1),
    "court": lambda: letters(2) + "-" + digits(2) + "-" + digits(4), "pair": lambda: digits(2) + "-" + digits(4), "grouped": lambda: letters(2) + "-" + letters(3) + "-" + digits(6),
    "passcode": lambda: digits(1) + letters(1) + "-" + digits(2) + letters(1), "path": lambda: letters(1).replace("I", "C") + "-" + "2" + digits(1) + "-" + digits(4),
    "typist": lambda: "q" + letters(2).lower().replace("a", "b"), "login": lambda: "q" + letters(4).lower() + digits(2), "biometric": lambda: letters(2) + "-" + digits(5) + "-" + letters(1),
    "person": lambda: "Quilla", "listed": lambda: "QUILLEN, ANYA", "plate3": lambda: letters(3) + " " + digits(3), "blood": lambda: letters(1) + digits(4) + " 2" + digits(1) + " " + digits(6),
}


def layout(line):
    parts, at = [], 0
    for m in re.finditer(r"\{(\w+):(\w+)\}", line):
        parts += [line[at:m.start()].replace("\\n", "\n"), (m[1], SHAPES[m[2]]())]
        at = m.end()
    return glue(parts + [line[at:].replace("\\n", "\n")])


DECOYS = """ICD-10 code E11.9 and I50.32, CPT 99214, HCPCS J1885
NDC 00093-7214-01 dispensed, quantity 90
LOINC 2345-7 glucose 110 mg/dL
SNOMED CT 73211009 diabetes mellitus
RxCUI 860975 metformin 500 mg
DRG 470, revenue code 0450
Charges $1,234.00, balance $250.00, claim total 480.00
order: metoprolol 25 mg by mouth twice daily
order CBC, BMP and lipid panel in 3 months
visit 3 of 6 for physical therapy
case 2 of 14 in this series
Study of 12345 patients over 10 years
study group 1 (n = 1204), control group 2 (n = 1187)
the group of 250000 subjects
Patient 64 years old, weight 81.5 kg, height 172 cm
account of events in 2021
policy changed in 2019
insurance since 2016, member since 2018
chart reviewed 03/04/2021
Specimen: 4.5 x 3.2 x 2.1 cm, 120 grams
specimen 12 mm from margin
lot of 1000 units
plate with 6 holes and 12 screws
license expired 2020
serial troponins 0.04, 0.05 and 0.06
serial sevens completed
Device interrogated, lead impedance 500 ohms, threshold 0.75 V
pacemaker rate 60
generator change in 2018
teeth numbers 14, 15, 18, 19, 20 and 31 were removed
reference range 135-145
reference 12
Dose 5000 units, rate 125 ml/hr
WBC 12500, platelets 250000, hemoglobin 13.2
BP 120/80, HR 72, RR 16, SpO2 98%
L4-5 disc, C5-6 fusion, T12 fracture
Mini-Mental 28/30, GCS 15, pain 7/10
EKG at 1430, next dose at 2200
contact precautions, call if temp over 101.5
call in 2 weeks, home in 48 hours
work restrictions 20 pounds for 6 weeks
phone follow-up in 10 days
room 412, bed 2
version 2.10.14, build 20231
ticket closed after 30 days
transfer at 1015, accepted 1130
check glucose 4 times daily
authorization pending for 12 visits
referral to cardiology in 6 weeks
prescription for 90 tablets with 3 refills
medical records requested 2 copies
catheter 16-French, needle 22-gauge
grade 2, stage 3, type 2, class 3
Rx: amoxicillin 500 mg #30
order 1000 ml normal saline
member of a family of 6
PHQ-9 score 14, GAD-7 score 11
trial of 2000 mg daily
report of 10000 cases
sample of 100000 adults
subject 1 and subject 2 agreed
test 12345 passed
case 1: 46,XX karyotype
HbA1c 7.2, LDL 110, eGFR 58, PSA 4.2
vitamin D 50000 units weekly
patients 65-74 years, 1200-1500 calories
registry from 2005-2010 with 100,000 records""".split("\n")


DECOYS_OF_LAYOUT = """Table of results ........ 4481 cells
oral intake 1200 ml, output 1400
code 99213-25 billed, code G0105
the form 1040 was signed
AP/lat and PA/lat views
LPN report at 1530
S/p CABG, NSR/sb on the monitor
Blocks A1-A4 (skin) submitted
verified by PHARMACY, given at noon
vitamin B12-500, IL-10-592 promoter
a matter of 448120 cells
image 3 of series 4, image 88
T12-L1 fusion, C5-C6 disc
court was closed in 2024, petition 24 of 30
Plan: CT Abdomen in 2025
Primary: Hypertension since 2010
the MRN is pending
see item 5, box 11 of 12""".split("\n")


def main():
    docs = list(labelled())
    docs += [table(mark) for mark in (",", "\t", " | ", ";") for _ in range(12)]
    docs += [make() for make in (json_text, json_text, fhir, x12, ccda, hl7) for _ in range(12)]
    docs += [(d, []) for d in DECOYS]
    docs += [layout(line) for line in LAYOUTS for _ in range(3)]
    docs += [(d, []) for d in DECOYS_OF_LAYOUT]
    for i, (text, spans) in enumerate(docs):
        print(json.dumps({"id": "labelled-%04d" % i, "text": text, "spans": spans}))


if __name__ == "__main__":
    main()
