"""Speech as audio: pydub imported in one place, cut to the speech, brought to one loudness."""

from __future__ import annotations  # array[int] is a type for checkers alone

import warnings
from array import array

with warnings.catch_warnings():
    # pydub looks for ffmpeg when it is imported, which only sets its warning off (we read wav
    # alone), and takes audioop, which Python 3.11 calls deprecated (3.13: package audioop-lts).
    warnings.simplefilter("ignore")
    import audioop

    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

from edge.prompts.resample import resample

__all__ = [
    "AudioSegment",
    "at_rate",
    "audioop",
    "cut_to_sound",
    "cut_to_speech",
    "levelled",
    "pcm",
    "segment",
]

SPEECH_RMS_DBFS = -20.0
"""Root mean square over a whole prompt, as loud as the prompts that come with Asterisk."""
PEAK_DBFS = -3.5
"""The ceiling before coding; G.711 and G.722 may add a fraction of a decibel, promised is -3."""
SILENT_BELOW_PEAK_DB = 40.0
MUSIC_ENDS_BELOW_PEAK_DB = 60.0
EDGE_MS = 25
"""Quiet kept before and after the speech, so that weak consonants are not cut."""


def segment(samples: array[int], rate: int) -> AudioSegment:
    """One channel of 16-bit samples at `rate` Hz as a pydub segment."""
    return AudioSegment(samples.tobytes(), sample_width=2, frame_rate=rate, channels=1)


def pcm(audio: AudioSegment) -> array[int]:
    """The segment's 16-bit samples; it has one channel."""
    return array("h", audio.raw_data)


def at_rate(audio: AudioSegment, rate: int) -> AudioSegment:
    """The same sound at `rate` Hz, one channel, 16 bit.

    Filtered, unlike pydub's own set_frame_rate, whose aliases hiss at 8 kHz.
    """
    mono = audio.set_channels(1).set_sample_width(2)
    if mono.frame_rate == rate:
        return mono
    return segment(resample(pcm(mono), mono.frame_rate, rate), rate)


def cut_to_speech(audio: AudioSegment) -> AudioSegment:
    """Without the silence at both ends, but for 25 ms; raises ValueError when all is silent."""
    if audio.max == 0:
        raise ValueError("nothing but silence")
    quiet_below = audio.max_dBFS - SILENT_BELOW_PEAK_DB
    lead = detect_leading_silence(audio, quiet_below, chunk_size=5)
    tail = detect_leading_silence(audio.reverse(), quiet_below, chunk_size=5)
    cut = audio[max(0, lead - EDGE_MS) : min(len(audio), len(audio) - tail + EDGE_MS)]
    return cut.fade_in(5).fade_out(10)


def cut_to_sound(audio: AudioSegment) -> AudioSegment:
    """Music without the silence at both ends, which would be a gap each time round; what fades
    away stays. The 5 ms in which it comes and goes keep the seam from clicking."""
    quiet_below = audio.max_dBFS - MUSIC_ENDS_BELOW_PEAK_DB
    lead = detect_leading_silence(audio, quiet_below, chunk_size=5)
    tail = detect_leading_silence(audio.reverse(), quiet_below, chunk_size=5)
    return audio[lead : len(audio) - tail].fade_in(5).fade_out(5)


def levelled(audio: AudioSegment, rms_dbfs: float = SPEECH_RMS_DBFS) -> AudioSegment:
    """Brought to `rms_dbfs` over its whole length, or to a peak of -3.5 dBFS if that is less."""
    return audio.apply_gain(min(rms_dbfs - audio.dBFS, PEAK_DBFS - audio.max_dBFS))
