//! What stands beside a decision: who decides reads it on the page, and nobody else does.

use axum::http::StatusCode;
use domain::ids::RequestId;
use domain::views::Asking;

use crate::on_both;
use crate::world::{On, World};

on_both! {
    who_decides_for_an_identity_reads_what_opens_and_what_hangs_on_it
}

/// Maya asks for the invoice runner, which is hers and Ola's.
async fn asked_for_the_runner(world: &World) -> RequestId {
    let asking = Asking {
        bundle: "orders-automation".to_owned(),
        subject: world.actor("svc.invoice-runner").await.person().expect("it has an id").to_string(),
        duration: "1h".to_owned(),
        justification: "The invoices of last night failed halfway, and the runner reads the orders again".to_owned(),
        work_item: "DEP-311".to_owned(),
        link: String::new(),
        continues: String::new(),
        exception: String::new(),
    };
    world.portal.ask(&world.actor("maya.lindqvist").await, &asking).await.expect("she answers for it")
}

/// R35, E9, L11: shown before deciding to who decides, and to nobody who would not have been shown as much before.
async fn who_decides_for_an_identity_reads_what_opens_and_what_hangs_on_it(on: On) {
    let world = World::on(on).await;
    let id = asked_for_the_runner(&world).await;
    let (inbox, request) = (format!("/inbox/{id}"), format!("/requests/{id}"));
    let told = [
        "Becomes reachable",
        "Read orders on Orders database",
        "Ola Nord answers for Invoice runner and by it reaches what they cannot alone: Read orders on Orders database.",
        "What hangs on it",
        "Sends the nightly invoices.",
        "Also for Care assistant.",
        "svc_invoice on Payments database",
        "Nobody has decided for it before",
    ];
    let mut priya = world.sign_in("priya.raman").await;
    for path in [&inbox, &request] {
        let page = priya.get(path).await;
        for says in told {
            assert!(page.shows(says), "{path} says {says}: {}", page.text());
        }
        let picture = page.body.find("class=\"picture\"").expect("there is a picture");
        let decides = page.body.find("/api/requests/approve\"").expect("she decides");
        assert!(picture < decides, "{path}: it is shown before she decides");
    }
    let mut astrid = world.sign_in("astrid.nyberg").await;
    let identity = astrid.get("/identities/svc.invoice-runner").await;
    assert!(identity.shows("What hangs on it") && identity.body.contains("class=\"picture\""), "{}", identity.text());

    for who in ["maya.lindqvist", "ines.carvalho"] {
        let mut browser = world.sign_in(who).await;
        for path in [&inbox, &request] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{who} may see the request itself");
            for hidden in ["Becomes reachable", "What hangs on it", "Care assistant"] {
                assert!(!page.shows(hidden), "{who} at {path} reads {hidden}: {}", page.text());
            }
        }
    }
    let mut joao = world.sign_in("joao.marques").await;
    for path in [&inbox, &request] {
        assert_eq!(joao.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
