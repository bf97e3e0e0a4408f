//! Truth: the SQL of Chorus, its single writer and its log.
