"""A floor under what retrieval finds, so that a change that spoils it is seen."""

import json

from erth_sidecar.retrieval import quality
from erth_sidecar.retrieval.quality import QUESTIONS, Quality
from erth_sidecar.store.database import Store


def test_known_passages_are_found(store: Store) -> None:
    asked = quality.ask(store, quality.load(store))
    every = Quality.of(asked)
    assert every.count == 60
    assert every.recall >= 0.85, [one.question for one in asked if not one.place]
    assert every.mrr >= 0.75
    held = Quality.of(one for one in asked if one.half == "held")
    assert held.recall >= 0.8
    plain = Quality.of(one for one in asked if one.kind == "plain")
    assert plain.recall == 1


def test_each_question_has_one_known_passage() -> None:
    asked = json.loads((QUESTIONS / "questions.json").read_text("utf-8"))
    for one in asked:
        assert (QUESTIONS / one["source"]).read_text("utf-8").count(one["quote"]) == 1
    assert sum(one["kind"] == "paraphrased" for one in asked) * 3 == len(asked)
    assert len(list((QUESTIONS / "notes").iterdir())) >= 40
