//! From paths to a capture.
