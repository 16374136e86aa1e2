import pytest

from inference.alert_rules import AlertRule, find_met, parse_alert_rules
from inference.labels import Answer, Label, Outcome


def test_rules_are_read_as_they_are_written() -> None:
    assert parse_alert_rules("") == parse_alert_rules("off") == ()
    rules = parse_alert_rules(" covid19>=0.9, viral_pneumonia >= .95,normal>=1")
    assert [str(rule) for rule in rules] == ["covid19>=0.9", "viral_pneumonia>=0.95", "normal>=1"]


@pytest.mark.parametrize(
    "text", ["covid19", "covid19>0.9", "covid>=0.9", "covid19>=0", "covid19>=1.1", "covid19>=0.9.1", "covid19>=nan"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no rule; accepted are such as covid19>=0\.9"):
        parse_alert_rules(f"normal>=0.5,{text}")


def test_a_film_meets_the_rule_that_it_exceeds_the_most_whatever_its_label_is() -> None:
    rules = parse_alert_rules("covid19>=0.5,viral_pneumonia>=0.2")
    probabilities = {Label.COVID19: 0.5, Label.VIRAL_PNEUMONIA: 0.3, Label.NORMAL: 0.2}
    met = find_met(rules, Answer(Outcome.INDETERMINATE, None, probabilities, "below_operating_point"))
    assert met is not None
    assert (met.rule, met.probability) == (AlertRule(Label.VIRAL_PNEUMONIA, 0.2), 0.3)


def test_a_film_below_or_without_a_probability_or_of_a_model_that_does_not_know_the_label_meets_none() -> None:
    rules = parse_alert_rules("covid19>=0.9")
    assert find_met(rules, Answer(Outcome.REJECTED, reason_code="lateral")) is None
    for covid19 in ({Label.COVID19: 0.8999}, {}):
        probabilities = covid19 | {Label.NORMAL: 0.1}
        assert find_met(rules, Answer(Outcome.PREDICTED, Label.NORMAL, probabilities)) is None
