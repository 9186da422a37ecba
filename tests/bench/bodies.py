# SPDX-License-Identifier: Apache-2.0
"""Request bodies for the benchmarks: made up, the same in every run, identifiers only from ranges that belong to nobody."""
import json
import random

FIRST = ["Jane", "Robert", "Maria", "William", "Patricia", "Thomas", "Linda", "George", "Susan", "Henry"]
LAST = ["Hollingsworth", "Okafor", "Marchetti", "Lindqvist", "Abernathy", "Castellanos", "Whitfield", "Nakamura"]
COMPLAINTS = ["chest pain on exertion", "a persistent dry cough", "lower back pain", "dizziness on standing",
              "swelling of both ankles", "shortness of breath at night"]
DRUGS = ["lisinopril 10 mg daily", "metformin 500 mg twice daily", "atorvastatin 20 mg at bedtime",
         "amlodipine 5 mg daily", "omeprazole 20 mg before breakfast"]
FILLER = ["Lungs are clear to auscultation bilaterally. Heart is regular without murmur. ",
          "Blood pressure 138/82, pulse 76, respirations 16, temperature 98.4 F. ",
          "Abdomen is soft and not tender. Gait is steady. No focal weakness was found. ",
          "We talked about diet, exercise and the benefits of stopping smoking. "]
PLAIN = ["Write a function that merges two sorted lists and explain its running time. ",
         "The build fails after the compiler was updated; list the three most likely causes. ",
         "Summarize the difference between optimistic and pessimistic locking for a new colleague. ",
         "Propose names for the columns of a table that stores the results of a survey. "]


def _note(r):
    first, last = r.choice(FIRST), r.choice(LAST)
    day = lambda year: f"{r.randint(1, 12):02}/{r.randint(1, 28):02}/{year}"
    return (f"Patient: {first} {last}, DOB: {day(r.randint(1931, 1999))}, MRN: {r.randint(10**7, 10**8 - 1):08}. "
            f"Mr. {last} was seen on {day(2024)} for {r.choice(COMPLAINTS)}. "
            f"Phone 212-555-{r.randint(100, 199):04}, email {first.lower()}.{last.lower()}@example.com. "
            f"{r.choice(FILLER)}Current medication: {r.choice(DRUGS)} and {r.choice(DRUGS)}. {r.choice(FILLER)}"
            f"Follow up on {day(2025)}. ")


def _fill(size, piece):
    text = ""
    while len(text) < size:
        text += piece()
    return text[:size]


def body(size, phi, model, stream=False):
    """A chat request of exactly `size` bytes whose user message is dense clinical text, or plain prose."""
    r = random.Random(size)
    request = {"model": model, "stream": stream, "messages": [
        {"role": "system", "content": "You help a medical practice with its letters."}, {"role": "user", "content": ""}]}
    bare = len(json.dumps(request, separators=(",", ":")))
    request["messages"][1]["content"] = _fill(size - bare, lambda: _note(r) if phi else r.choice(PLAIN))
    text = json.dumps(request, separators=(",", ":"))
    assert len(text) == size, len(text)
    return text
