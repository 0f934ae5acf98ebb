"""How bytes arrive: one module per transport, found by its file name. No registry.

A transport module has:
    TITLE      one line for people.
    Settings   a frozen dataclass, filled from `location` in the configuration.
    documents(settings) -> list[Document]          what is there now.
    fetch(settings, document) -> ContextManager[BinaryIO]   its bytes.
Both raise SourceUnreachableError with what to do.
"""
