"""The words of the simulation's reports in English and Simplified Chinese."""

from dataclasses import dataclass

from geometry.note import Note
from twin.texts import Texts, filled


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of one language, and notes said in it."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``{name}`` filled in."""
        return self.texts(key, **values)

    @property
    def texts(self) -> Texts:
        """All of them."""
        return Texts("twin.rehearsal", "words.yaml", self.language)

    def note(self, text: str) -> str:
        """Return a note in this language; a bare text as it is.

        Examples
        --------
        >>> Said("zh").note(Note("stack_rigid", "Parts are rigid."))
        '零件视为刚体：不变形、不磨损、不受温度影响。'
        """
        if not isinstance(text, Note) or self.language == "en":
            return text
        entry = self.texts.entries.get(f"note.{text.word}")
        template = text.template if entry is None else entry.get(self.language, text.template)
        return filled(template, {name: self.note(value) for name, value in text.values.items()})
