//! Which steps of a tour passed.

use crate::Failure;
use crate::screen::Screen;

/// Steps, and a line for each.
pub(super) struct Report {
    screen: Screen,
    steps: usize,
    failed: usize,
}

impl Report {
    /// Nothing tried yet.
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, steps: 0, failed: 0 }
    }

    /// Tells how a step went; what it brought, if it passed.
    pub(super) fn step<T>(
        &mut self,
        name: impl AsRef<str>,
        outcome: Result<T, Failure>,
    ) -> Option<T> {
        self.steps += 1;
        match outcome {
            Ok(brought) => {
                self.screen.passed(name.as_ref());
                Some(brought)
            }
            Err(failure) => {
                self.failed += 1;
                self.screen.failed(name.as_ref(), &failure);
                None
            }
        }
    }

    /// The last line: a failure if any step failed.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        let Self { steps, failed, .. } = self;
        if failed > 0 {
            return Err(Failure::Tour { failed, steps });
        }
        self.screen.line(format!("all {steps} steps passed"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_tour() {
        let mut report = Report::new(Screen::through(Box::new(|_| Ok(()))));
        assert_eq!(report.step("one", Ok(1)), Some(1));
        assert_eq!(report.step("two", Err::<(), _>(Failure::Lost("gone".into()))), None);
        assert_eq!(report.end().unwrap_err().to_string(), "1 of 2 steps failed");
        assert!(Report::new(Screen::through(Box::new(|_| Ok(())))).end().is_ok());
    }
}
