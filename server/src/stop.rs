//! How the portal learns that it is to stop, and how all its parts hear of it.

use tokio::sync::watch;

/// Gives the sign to stop.
pub struct Stopper(watch::Sender<bool>);

/// Hears the sign to stop.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// One who gives the sign, and one of any number who hear it.
pub fn pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Everybody is to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the sign was given.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the sign. Nobody left who could give it counts as a sign.
    pub async fn asked(&mut self) {
        let _gone_or_given = self.0.wait_for(|stop| *stop).await;
    }
}

/// Waits until the machine or a person asks the process to stop.
pub async fn told_by_the_machine() {
    let by_hand = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut politely) = signal(SignalKind::terminate()) else {
            return by_hand.await;
        };
        tokio::select! {
            () = by_hand => {}
            _ = politely.recv() => {}
        }
    }
    #[cfg(not(unix))]
    by_hand.await;
}
