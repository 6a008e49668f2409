//! Medical devices, as their gateway reports them: CEF (ArcSight Common Event Format, version 0) in RFC 3164 syslog.

use cordon_model::Time;

use super::clock;
use super::files;
use super::model::Device;
use super::random::fnv1a;
use super::scene::Scene;

/// One event of a device: our word for it, CEF severity 0 to 10, who did it, from where, and what the device says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happening<'a> {
    pub(super) event: &'a str,
    pub(super) severity: u8,
    pub(super) user: &'a str,
    pub(super) from: &'a str,
    pub(super) detail: &'a str,
}

/// Writes one event of a device.
pub(super) fn report(scene: &mut Scene<'_>, at: Time, device: &Device, happening: Happening<'_>) {
    let Happening { event, severity, user, from, detail } = happening;
    let user = if user.is_empty() { String::new() } else { format!(" suser={user}") };
    let from = if from.is_empty() { String::new() } else { format!(" src={from}") };
    let gateway = &scene.model.network.device_gateway;
    // The gateway numbers its events; the number is the same for the same event.
    let number = 1000 + fnv1a(event) % 8000;
    let text = format!(
        "<134>{} devgw01 CEF:0|{}|{}|{}|{number}|{}|{severity}|rt={} dvc={} dvchost=DEVGW01 deviceExternalId={} cs1Label=DeviceType cs1={} cs2Label=Location cs2={} cs3Label=DeviceModel cs3={} {} cs4Label=SoftwareVersion cs4={} outcome=success{user}{from} msg={detail}",
        clock::show(at, "%b %e %H:%M:%S"),
        gateway.vendor,
        gateway.product,
        gateway.version,
        event.replace('_', " "),
        at.as_millis(),
        device.ip,
        device.id,
        device.kind,
        device.unit,
        device.vendor,
        device.model,
        device.software,
    );
    scene.out.add(files::DEVICES, at, text);
}
