//! Where things happen: authorise, change, append.
