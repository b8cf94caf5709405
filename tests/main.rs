//! The black-box suite: one binary, one file a resource.
