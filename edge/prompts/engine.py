"""Who speaks the texts: engines behind one interface; espeak-ng is the one that is always there."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Protocol

from edge.prompts.sound import AudioSegment
from edge.prompts.texts import Voice

SPEAK_SECONDS = 30.0


class CannotSpeak(Exception):
    """The engine is not installed, or refused the text; the words say what to do."""


class Engine(Protocol):
    """Turns text into speech. The same text and voice must give the same samples."""

    name: str

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        """The spoken text, any sampling rate and level. Raises CannotSpeak."""


class EspeakNg:
    """espeak-ng as a program; small, in every distribution, understandable in 100 languages."""

    name = "espeak-ng"

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        """Raises CannotSpeak. The text goes in as a file: no shell, and no text is an option."""
        if shutil.which(self._program) is None:
            raise CannotSpeak(f"{self._program} is not installed (Debian: apt install espeak-ng)")
        with tempfile.TemporaryDirectory() as folder:
            spoken = Path(folder, "spoken.wav")
            command = [self._program, "-b", "1", "-z", "--stdin", "-w", str(spoken)]
            command += ["-v", voice.name, "-s", str(voice.words_per_minute)]
            try:
                ended = subprocess.run(
                    command, input=text.encode(), capture_output=True, timeout=SPEAK_SECONDS
                )
            except subprocess.TimeoutExpired:
                raise CannotSpeak(f"{self._program} took over {SPEAK_SECONDS:g} s") from None
            complaint = ended.stderr.decode(errors="replace").strip()
            if ended.returncode != 0 or complaint or not spoken.exists():
                raise CannotSpeak(f"{self._program} (status {ended.returncode}): {complaint}")
            return AudioSegment.from_wav(io.BytesIO(spoken.read_bytes()))


ENGINES: dict[str, Engine] = {EspeakNg.name: EspeakNg()}
"""By the name given to `render-prompts --engine`; a site may add its own before it calls main."""
