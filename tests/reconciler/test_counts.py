"""The equation of a run."""

from etl.reconciler.counts import Equation
from etl.records import Outcome


def test_all_nine_outcomes_stand_in_their_order_with_zeros() -> None:
    """The equation names every outcome in the fixed order, those that did not happen too."""
    equation = Equation(240, {Outcome.WAITING: 1, Outcome.CREATED: 214, Outcome.ALREADY_IMPORTED: 25})

    assert str(equation) == (
        "240 data rows = 214 created + 0 updated + 25 already imported + 0 changed + 0 invalid + 0 refused"
        " + 0 unconfirmed + 1 waiting + 0 ignored"
    )
    assert equation.holds


def test_a_lost_row_shows() -> None:
    """Where the outcomes do not add up to the rows, the equation does not hold and does not print an equals sign."""
    equation = Equation(3, {Outcome.CREATED: 2})

    assert not equation.holds
    assert str(equation).startswith("3 data rows ≠ 2 created + ")


def test_an_empty_input_adds_up() -> None:
    """No rows and no outcomes are equal."""
    assert Equation(0, {}).holds
