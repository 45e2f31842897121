//! The contract of the backend on the function: the same list of requests as in every other home.

use crate::function::Instance;
use crate::gateway;
use crate::list::{Ask, Home, Scene, run};
use crate::runtime::RuntimeApi;
use crate::stage::Stage;

/// Instances behind a Runtime API.
struct OnLambda {
    stage: Stage,
    runtime: RuntimeApi,
    instances: Vec<Instance>,
}

impl Home for OnLambda {
    async fn send(&self, ask: &Ask<'_>) -> (u16, String) {
        let answer = self.runtime.invoke(&gateway::event(ask)).await;
        gateway::answer(&answer.expect("the function answers every request"))
    }

    async fn play(&mut self, scene: Scene) {
        self.stage.play(scene).await;
    }

    async fn secrets(&self) -> Vec<String> {
        self.stage.secrets().await
    }

    async fn logged(&self, text: &str) -> bool {
        self.instances.iter().any(|instance| instance.logged(text))
    }
}

/// Two instances take turns, so whatever one of them only remembered would be missed.
#[tokio::test]
async fn the_contract_holds_on_two_instances_of_the_function_that_share_no_memory() {
    let Some(stage) = Stage::new().await else { return };
    let runtime = RuntimeApi::start().await;
    let environment = stage.environment(&[]);
    let instances = [(); 2].map(|()| Instance::start(runtime.address(), &environment));
    run(OnLambda {
        stage,
        runtime,
        instances: instances.into(),
    })
    .await;
}
