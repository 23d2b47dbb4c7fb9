"""Machine translation of headlines and passages: its settings, and the translated texts of one article."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from msgspec import Struct
from pydantic import BeforeValidator, ConfigDict, Field

from monitor.domain.field_types import STRICT, Duration, LanguageCode, LongText, SecretText, ShortText, WebUrl, as_list


@dataclass(frozen=True, slots=True)
class TranslationSettings:
    """Settings of the translator: a program, or a service with the interface of OpenAI.

    Translations are shown to readers next to the original, and are never used to find names.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    to: Annotated[LanguageCode, Field(description="language code of the readers, such as en")]
    command: Annotated[
        tuple[LongText, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="program with its arguments; it reads and writes JSON"),
    ] = ()
    url: Annotated[
        WebUrl, Field(description="base URL of a service as of OpenAI, such as http://127.0.0.1:11434/v1")
    ] = ""
    model: Annotated[ShortText, Field(description="name of the model at url")] = ""
    token: Annotated[SecretText | None, Field(description="bearer token for url")] = None
    timeout: Annotated[Duration, Field(description="how long a digest waits for them")] = timedelta(seconds=30)

    @property
    def name(self) -> str:
        """The name of the model, or the command if no model is configured.

        It distinguishes stored translations of different translators.
        """
        return self.model or " ".join(self.command)


class Translation(Struct, frozen=True):
    """The translations of the headline and the passages of an article into one language.

    ``texts`` are pairs of an original text and its translation.
    """

    language: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def get(self, text: str) -> str:
        """Return the translation of a text, or an empty text if it was not translated."""
        return next((translation for original, translation in self.texts if original == text), "")


NO_TRANSLATION = Translation()


class TextToTranslate(Struct, frozen=True, order=True):
    """A text to translate, with the code of its language."""

    language: str
    text: str
