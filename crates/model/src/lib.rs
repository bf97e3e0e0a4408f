//! The nouns of Chorus: entities, events, ids, cursors. No IO.
