//! Who asks to be let in, and the two answers.

use leptos::prelude::*;

use crate::api::device::{DeviceApprove, DeviceAsking, DeviceDeny, UserCodeInput};
use crate::ui::{Button, Callout, Card, Facts, Kind, Time, Tone};
use crate::widgets::{FormProblem, Submit, use_me};

/// `decided` is told whether it was let in.
#[component]
pub(super) fn Asking(asking: DeviceAsking, decided: Callback<bool>) -> impl IntoView {
    let DeviceAsking { user_code, client_name, machine, address, client, asked_at, token_lasts_s, .. } = asking;
    let me = use_me().username().to_owned();
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let code = user_code.clone();
    let input = UserCodeInput { user_code };
    let yes = {
        let (submit, input) = (submit.clone(), input.clone());
        Callback::new(move |()| submit.send::<DeviceApprove>(&[], &input, move |_| decided.run(true)))
    };
    let no = Callback::new(move |()| submit.send::<DeviceDeny>(&[], &input, move |_| decided.run(false)));
    let hours = token_lasts_s / 3600;
    view! {
        <Card title="Who asks">
            <Callout tone=Tone::Warn title="Did you start this yourself, just now?">
                "If somebody sent you a link or a code, say no: your yes lets them in as you."
            </Callout>
            <Facts>
                <dt>"Code"</dt><dd class="mono">{code}</dd>
                <dt>"Comes from"</dt><dd class="mono">{address}</dd>
                <dt>"Machine"</dt><dd>{machine.unwrap_or_else(|| "not told".to_owned())}" " <small class="muted">"as it calls itself"</small></dd>
                <dt>"Program"</dt><dd>{client_name}" " <small class="muted">{client}</small></dd>
                <dt>"Asked"</dt><dd><Time at=asked_at/></dd>
                <dt>"Gets"</dt><dd>{format!("A personal token of {me}, valid {hours} h, with all your rights")}</dd>
            </Facts>
            <FormProblem problem=problem/>
            <footer class="form-actions">
                <Button label="Say no" on_press=no busy=busy/>
                <Button label="Let it in" kind=Kind::Primary on_press=yes busy=busy/>
            </footer>
        </Card>
    }
    .into_any()
}
