"""The running workstation without a screen: store, journal, outbox, drafts, supervisor."""
