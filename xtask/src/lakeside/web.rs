//! Web servers' access logs in the combined form: the patient portal (nginx), and the clinic's server (Apache), whose log is zipped every night.

use cordon_model::Time;

use super::clock;
use super::files;
use super::scene::Scene;

/// One request: who, method and path, status, bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'a> {
    pub(super) client: &'a str,
    pub(super) user: &'a str,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) agent: &'a str,
}

/// The zipped log of the clinic's server of the rendered day.
pub(super) fn clinic_file(scene: &Scene<'_>) -> String {
    format!("web/CLINIC01-access-{}.log.zip", scene.date("%Y%m%d"))
}

/// A request to the portal.
pub(super) fn portal(scene: &mut Scene<'_>, at: Time, hit: Hit<'_>) {
    scene.out.add(files::PORTAL, at, line(at, hit, "https://portal.lakeside.example/"));
}

/// A request to the clinic's server.
pub(super) fn clinic(scene: &mut Scene<'_>, at: Time, hit: Hit<'_>) {
    let file = clinic_file(scene);
    scene.out.add(&file, at, line(at, hit, "-"));
}

fn line(at: Time, hit: Hit<'_>, referrer: &str) -> String {
    format!(
        "{} - {} [{}] \"{} {} HTTP/1.1\" {} {} \"{referrer}\" \"{}\"",
        hit.client,
        hit.user,
        clock::show(at, "%d/%b/%Y:%H:%M:%S +0000"),
        hit.method,
        hit.path,
        hit.status,
        hit.bytes,
        hit.agent
    )
}
