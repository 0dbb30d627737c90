"""What a document reference may name."""

import pytest
from pydantic import ValidationError

from api.schemas.bcf_document import DocumentReferenceIn


@pytest.mark.parametrize("odd", ["\x00", "\x1f", "\x7f", " ", "\n"])
def test_an_address_has_no_control_characters(odd: str) -> None:
    assert DocumentReferenceIn(url="https://example.com/a").url == "https://example.com/a"
    with pytest.raises(ValidationError):
        DocumentReferenceIn(url=f"https://example.com/{odd}a")
