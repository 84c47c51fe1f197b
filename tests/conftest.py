"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# No test asserts a time: a loaded machine takes longer, and that is no fault of what is tested.
settings.register_profile("paradesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paradesk")
