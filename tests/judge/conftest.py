from hypothesis import settings

settings.register_profile("okrsync", deadline=None)  # a busy machine is no failure
settings.load_profile("okrsync")
