"""Adapter to Asterisk over ARI: the only package that knows channels, bridges and their REST.

`phone_system` implements the journey's port; below it `router` (events to legs), `rest` (typed
calls), `wire` (one call over the command socket or HTTP), `connection` (sockets that come back).
"""
