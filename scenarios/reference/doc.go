// Package reference holds the systems that pamlab compares others with: a DMN
// (a digital medical device, which receives movements) in memory, and a GAM (which
// emits them), right by default and wrong on demand. The GAM comes in two forms: a
// [GAM] sends identities by itself, again and again; a [Desk] sends what it is told
// to over HTTP, any event of both transactions. Its [Clerk] serves others that send
// in another way.
//
// # Right by default
//
// A [DMN] is an [mllp.Handler]. It keeps patients, their stays and the movements
// of the stays, and answers each message as the specifications say:
//
//   - AA to what it applied, and to what contradicts its record where the profile
//     calls that no error: the message is discarded and, in HL7 2.5, an ERR of
//     severity W says so (ITI TF-2 3.30.6 and 3.31.7);
//   - AE to what does not conform, for the first MUST that it breaks (package
//     rules): ERR has the place and the code, the words and the rule (AR when the
//     code is one of the rejections). What a receiver must not refuse, an INS
//     without a validated identity, it takes without that INS (PAM.fr 6.6.15).
//     With [Options].Lenient only what a movement cannot be filed without is
//     looked at, as in many devices;
//   - AE also to content that cannot be filed though no rule forbids it, and to the three contradictions that the
//     profile calls errors: an A01 while an admission is open (code 205), an A47
//     towards an identifier in use (205), a Z99 on an unknown movement (204).
//     A fourth one is deduced from the same texts: the use of an identifier that
//     a merge took away (204);
//   - AR to what only another receiver could take: an unknown message type (200),
//     an unknown or unsupported event (201), processing id (202) or version (203);
//     also to what has no readable MSH (200, with an empty MSA-2), and, without a
//     place, to a failure of its own (207).
//
// ERR has the form of the version of the message. A message without MSH-10 gets
// AE with an empty MSA-2. A message that is sent again gets the same verdict
// again, in an acknowledgement with an MSH-10 of its own, and is not applied
// again. An acknowledgement is never acknowledged, nor is a message whose MSH-15
// and MSH-16 are both NE; other demands for the enhanced mode are answered in
// the original one, which is what PAM asks of every actor.
//
// # A stay is the sum of its movements
//
// The situation of a stay (status, class, location, doctor) is never written by
// an event: it is worked out from the movements that are in force, in the order
// of the stay. So a cancellation restores what was there before it whatever
// happened since, a Z99 corrects what depends on the movement, and a historic
// movement (ZBE-5 = Y) falls into its place, as PAM.fr 5.3.7 wants. [DMN.State]
// and [DMN.Patient] show the result, because an acknowledgement alone proves
// little.
//
// # Bounded
//
// A peer can send for ever and fill nothing: the patients, their stays, the
// movements and the answers that are remembered each have a limit, and the
// oldest are forgotten. A forgotten movement leaves its effect behind; a
// forgotten patient is unknown.
//
// # Wrong on demand
//
// [Bugs] lists the faults that a DMN can be given, singly or together, by
// [Options].Bugs. They are the faults of real devices. Each changes what a peer
// can see, so that there can be a scenario that catches it. [GAMBugs] are those of
// a [GAM] and of a [Desk].
package reference
