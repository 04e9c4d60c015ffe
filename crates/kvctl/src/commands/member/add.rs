//! `kvctl member add`: one more member.

use std::fmt::Write as _;

use kv_cli::{CliError, Quoted};
use kv_proto::etcdserverpb::{MemberAddRequest, MemberAddResponse};

use super::{check_urls, cluster_id, list, peer_urls};
use crate::commands::confirmed::Confirmed;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  A member that does not vote before it has caught up:
    $ kvctl member add node4 --peer-urls=http://10.0.0.4:2380 --learner
";

/// Add a member to the cluster
///
/// Tells the cluster that there will be one more. Prints what the new member must be started with. A learner receives
/// everything but does not vote until it is promoted, so that it endangers nothing while it catches up.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl member add [OPTIONS] <NAME> --peer-urls <URLS>", after_long_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// Name of the new member
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,

    /// Where it listens for other members, separated by commas
    #[arg(long, value_name = "URLS", default_value = "", hide_default_value = true)]
    peer_urls: String,

    /// Let it receive everything without a vote
    #[arg(long)]
    learner: bool,
}

pub(crate) async fn run(context: &Context, args: &AddArgs) -> Result<(), CliError> {
    let name = args.name()?;
    let peer_ur_ls = peer_urls(&args.peer_urls)?;
    let mut session = context.session().await?;
    check_urls(&peer_ur_ls)?;
    let request = MemberAddRequest { peer_ur_ls, is_learner: args.learner };
    let response = session.client.member_add(request, context.deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&Confirmed {
        line: args.lines(name, &response),
        record: list::record(&response.member.clone().unwrap_or_default()),
        name: "etcdserverpb.MemberAddResponse",
        response,
    })
}

impl AddArgs {
    fn name(&self) -> Result<&str, CliError> {
        match self.arguments.as_slice() {
            [] => Err(CliError::arguments("member name not provided")),
            [name] => Ok(name),
            words => {
                let mut message = "too many arguments".to_owned();
                for url in words.iter().filter(|word| word.to_lowercase().starts_with("http")) {
                    let _ = write!(message, ", did you mean --peer-urls={url}");
                }
                Err(CliError::arguments(message))
            }
        }
    }

    /// Says what was done and, as a file of settings, what the new member needs to know.
    fn lines(&self, name: &str, response: &MemberAddResponse) -> String {
        let member = response.member.clone().unwrap_or_default();
        let added = if member.is_learner { "added as learner to" } else { "added to" };
        let cluster = cluster_id(response.header.as_ref());
        let named = |id, known: &str| if id == member.id { name.to_owned() } else { known.to_owned() };
        let members = response.members.iter();
        let places = members.flat_map(|other| {
            other.peer_ur_ls.iter().map(move |url| format!("{}={url}", named(other.id, &other.name)))
        });
        let places = places.collect::<Vec<_>>().join(",");
        let quoted = |text: &str| Quoted(text.as_bytes()).to_string();
        format!(
            "Member {:16x} {added} cluster {cluster:16x}\n\nETCD_NAME={}\nETCD_INITIAL_CLUSTER={}\n\
             ETCD_INITIAL_ADVERTISE_PEER_URLS={}\nETCD_INITIAL_CLUSTER_STATE=\"existing\"",
            member.id,
            quoted(name),
            quoted(&places),
            quoted(&self.peer_urls)
        )
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_proto::etcdserverpb::{Member, ResponseHeader};

    use super::*;

    fn args(words: &[&str]) -> AddArgs {
        let arguments = words.iter().map(ToString::to_string).collect();
        AddArgs { arguments, peer_urls: "http://b:1,http://b:2".to_owned(), learner: true }
    }

    #[test]
    fn the_settings_of_the_new_member_are_printed() {
        let header = Some(ResponseHeader { cluster_id: 0xcdf8_1819_4e3a_8c32, ..ResponseHeader::default() });
        let member = |id, name: &str, urls: &[&str], is_learner| Member {
            id,
            name: name.to_owned(),
            peer_ur_ls: urls.iter().map(ToString::to_string).collect(),
            is_learner,
            ..Member::default()
        };
        let new = member(0xae, "", &["http://b:1", "http://b:2"], true);
        let members = vec![member(7, "a", &["http://a:1"], false), new.clone()];
        let response = MemberAddResponse { header, member: Some(new), members };
        expect![[r#"
            Member               ae added as learner to cluster cdf818194e3a8c32

            ETCD_NAME="b"
            ETCD_INITIAL_CLUSTER="a=http://a:1,b=http://b:1,b=http://b:2"
            ETCD_INITIAL_ADVERTISE_PEER_URLS="http://b:1,http://b:2"
            ETCD_INITIAL_CLUSTER_STATE="existing""#]]
        .assert_eq(&args(&["b"]).lines("b", &response));
    }

    #[test]
    fn an_address_that_stands_alone_is_recognised() {
        let error = args(&["b", "http://b:1"]).name().unwrap_err();
        assert_eq!(error.message.unwrap(), "too many arguments, did you mean --peer-urls=http://b:1");
    }
}
