"""Uploaded audio: kept once for all edges, brought to every node before it is used."""

from edge.media.rounds import MediaRounds

__all__ = ["MediaRounds"]
