"""Widgets: they draw a part of the state and hold only cursor, scroll and open overlays."""
