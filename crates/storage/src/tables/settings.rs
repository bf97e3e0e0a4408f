//! Settings of the workspace that the server keeps for itself.

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

impl Reads<'_> {
    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.one("select value from settings where name = ?1", [name], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Sets a setting.
    pub fn put_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        self.change(
            "insert into settings (name, value) values (?1, ?2)
             on conflict (name) do update set value = excluded.value",
            [name, value],
        )?;
        Ok(())
    }
}
