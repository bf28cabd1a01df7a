package reference

import "slices"

// The names of the bugs of a GAM, by where they sit: in what its messages say, in
// how it sends them. Those of TLS are in gamfaults.go.
const (
	gamNoZBE            = "gam-no-zbe"
	gamReusesZBE1       = "gam-reuses-zbe-1"
	gamA08ForZ99        = "gam-a08-for-z99"
	gamWrongClass       = "gam-wrong-class"
	gamCancelsUnknown   = "gam-cancels-unknown"
	gamNeverHistoric    = "gam-never-historic"
	gamForgetsPlaceLeft = "gam-forgets-place-left"
	gamINSWithoutVALI   = "gam-ins-without-vali"
	gamMergesBackwards  = "gam-merges-backwards"
	gamConstantID       = "gam-constant-control-id"
	gamLatin1AsUTF8     = "gam-latin1-as-utf8"
	gamForgetsCharset   = "gam-forgets-charset"

	gamWrongOrder           = "gam-wrong-order"
	gamOvertakes            = "gam-overtakes"
	gamResendsRefused       = "gam-resends-refused"
	gamNeverRetries         = "gam-never-retries"
	gamNewIDOnRetry         = "gam-new-id-on-retry"
	gamLosesAfterRefusal    = "gam-loses-after-refusal"
	gamStopsAfterRefusal    = "gam-stops-after-refusal"
	gamConnectionPerMessage = "gam-connection-per-message"
	gamDoesNotWait          = "gam-does-not-wait"
	gamImpatient            = "gam-impatient"
	gamTakesAnyAnswer       = "gam-takes-any-answer"
	gamNeverReconnects      = "gam-never-reconnects"
)

// GAMBugs returns every bug of a GAM. Those of the layers message and wire are of
// a [Desk].
func GAMBugs() []Bug { return slices.Concat(gamContentBugs(), gamSendingBugs(), gamTLSBugs()) }

// gamContentBugs are about what a message says.
func gamContentBugs() []Bug {
	return []Bug{
		{gamNoZBE, Text{"envoie les mouvements sans segment ZBE", "sends movements without a ZBE segment"}},
		{gamReusesZBE1, Text{"donne à tous les mouvements d'une venue l'identifiant du premier (ZBE-1)", "gives all movements of a visit the identifier of the first one (ZBE-1)"}},
		{gamA08ForZ99, Text{"corrige un mouvement par un A08 au lieu d'un Z99", "corrects a movement with an A08 instead of a Z99"}},
		{gamWrongClass, Text{"écrit une autre classe de patient que celle de la venue (PV1-2)", "writes another patient class than that of the visit (PV1-2)"}},
		{gamCancelsUnknown, Text{"annule un mouvement que personne ne connaît (ZBE-1)", "cancels a movement that nobody knows (ZBE-1)"}},
		{gamNeverHistoric, Text{"n'annonce jamais un mouvement comme historique (ZBE-5 toujours à N)", "never says that a movement is historic (ZBE-5 always N)"}},
		{gamForgetsPlaceLeft, Text{"oublie l'emplacement quitté (PV1-6)", "forgets the place that was left (PV1-6)"}},
		{gamINSWithoutVALI, Text{"envoie l'INS d'une identité qui n'est pas validée (PID-32 sans VALI)", "sends the INS of an identity that is not validated (PID-32 without VALI)"}},
		{gamMergesBackwards, Text{"échange, dans une fusion, l'identifiant gardé et celui qui disparaît", "swaps, in a merge, the identifier that stays and the one that goes"}},
		{gamConstantID, Text{"tous ses messages portent le même MSH-10", "all its messages have the same MSH-10"}},
		{gamLatin1AsUTF8, Text{"écrit en Latin-1 en annonçant UNICODE UTF-8", "writes Latin-1 and announces UNICODE UTF-8"}},
		{gamForgetsCharset, Text{"n'annonce pas son jeu de caractères (MSH-18 vide)", "does not announce its character set (MSH-18 empty)"}},
	}
}

// gamSendingBugs are about the order of messages, and what becomes of them after
// an answer, or without one.
func gamSendingBugs() []Bug {
	return []Bug{
		{gamWrongOrder, Text{"envoie d'abord le dernier des messages qui attendent", "sends the last of the messages that wait first"}},
		{gamOvertakes, Text{"envoie les messages suivants d'un patient pendant que le premier attend d'être renvoyé", "sends the next messages of a patient while the first waits to be sent again"}},
		{gamResendsRefused, Text{"renvoie inchangé un message refusé par AE", "sends a message again unchanged that was refused with AE"}},
		{gamNeverRetries, Text{"ne renvoie jamais un message : ni après un AR, ni après une coupure, ni sans réponse", "never sends a message again: not after an AR, not after a cut, not without an answer"}},
		{gamNewIDOnRetry, Text{"renvoie un message sous un autre MSH-10", "sends a message again under another MSH-10"}},
		{gamLosesAfterRefusal, Text{"perd le mouvement suivant d'un patient dont un message a été refusé", "loses the next movement of a patient of whom a message was refused"}},
		{gamStopsAfterRefusal, Text{"n'envoie plus rien, pour personne, après un refus par AE", "sends nothing more, about nobody, after a refusal with AE"}},
		{gamConnectionPerMessage, Text{"ouvre une connexion pour chaque message", "opens a connection for each message"}},
		{gamDoesNotWait, Text{"envoie le message suivant sans attendre la réponse", "sends the next message without waiting for the answer"}},
		{gamImpatient, Text{"n'attend une réponse que deux dixièmes de seconde avant de renvoyer", "waits two tenths of a second for an answer before it sends again"}},
		{gamTakesAnyAnswer, Text{"prend toute réponse pour la sienne, quel que soit MSA-2", "takes any answer for its own, whatever MSA-2"}},
		{gamNeverReconnects, Text{"ne rouvre jamais une connexion que le récepteur a fermée", "never opens a connection again that the receiver has closed"}},
	}
}
