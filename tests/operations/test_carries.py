"""Which targets each operation has a place for."""

from __future__ import annotations

import pytest

from etl.operations import OPERATIONS

TABLE = """
                                 add-by-lead-field  add-by-lead-id  add-by-opportunity  update  create-lead-and-activity
SearchByValue                    yes                no              no                  no      no
RelatedProspectId                no                 yes             no                  no      no
OpportunityId                    no                 no              yes                 no      no
ProspectActivityId               no                 no              no                  yes     no
ActivityEvent                    no                 no              no                  no      no
ActivityNote                     yes                yes             yes                 yes     yes
ActivityDateTime                 yes                yes             no                  no      yes
ActivityOwnerEmail               yes                yes             yes                 no      no
Status                           yes                yes             yes                 yes     yes
Owner                            yes                yes             yes                 yes     yes
Fields                           no                 no              no                  no      no
mx_Custom_1                      yes                yes             yes                 yes     yes
mx_KYC.mx_CustomObject_2         no                 no              no                  no      yes
Lead.FirstName                   no                 no              no                  no      yes
Lead.mx_KYC.mx_CustomObject_1    no                 no              no                  no      yes
Lead.SearchBy                    no                 no              no                  no      no
Lead.                            no                 no              no                  no      no
"""
HEAD, *LINES = (line.split() for line in TABLE.strip().splitlines())
PLACES = [
    pytest.param(name, target, answer == "yes", id=f"{name}: {target}")
    for target, *answers in LINES
    for name, answer in zip(HEAD, answers, strict=True)
]


@pytest.mark.parametrize(("name", "target", "has_place"), PLACES)
def test_operation_knows_which_targets_it_carries(name: str, target: str, has_place: bool) -> None:
    """Addresses of other operations have none; leads, custom field sets, times and owners where the vendor names them."""
    assert OPERATIONS[name].carries(target) is has_place


def test_every_operation_stands_in_the_table() -> None:
    """A new one is decided about, target by target."""
    assert set(HEAD) == set(OPERATIONS)
