package reference

// The names of the bugs in how messages are taken off a connection: where one
// ends, what is none, and what becomes of a peer that does not do as most do.
const (
	diesOnEmptyBlock   = "dies-on-empty-block"
	mergesUnterminated = "merges-unterminated"
	takesLFEnd         = "takes-lf-end"
	splitsOnFS         = "splits-on-fs"
	noStartNeeded      = "no-start-needed"

	oneRead      = "one-read"
	losesSecond  = "loses-second"
	dropsSlow    = "drops-slow"
	outOfOrder   = "acks-out-of-order"
	answersAgain = "answers-again"

	deafAfterBad    = "deaf-after-bad"
	closesOnGarbage = "closes-on-garbage"
	answersGarbage  = "answers-garbage"
	readsUTF16      = "reads-utf-16"
	ignoresCharset  = "ignores-charset"

	noAnswerAfterHalfClose = "no-answer-after-half-close"
	swallowsEverything     = "swallows-everything"
	buffersAnswers         = "buffers-answers"
	starves                = "starves"
)

// badReading are the bugs that mllp.Server cannot have: a wireServer has them.
var badReading = []string{
	diesOnEmptyBlock, mergesUnterminated, takesLFEnd, splitsOnFS, noStartNeeded,
	oneRead, losesSecond, dropsSlow, outOfOrder, answersAgain,
	deafAfterBad, closesOnGarbage, answersGarbage, noAnswerAfterHalfClose, buffersAnswers,
}

func wireBugs() []Bug {
	return []Bug{
		{diesOnEmptyBlock, Text{"s'arrête tout entier, pour tout le monde, à un bloc vide ou sans MSH", "stops as a whole, for everybody, at a block that is empty or has no MSH"}},
		{mergesUnterminated, Text{"un bloc sans fin et le suivant n'en font qu'un : AA au premier, le second est perdu", "takes a block without end and the next one for one: AA to the first, the second is lost"}},
		{takesLFEnd, Text{"prend FS LF, ou FS seul, pour la fin d'un bloc", "takes FS LF, or FS alone, for the end of a block"}},
		{splitsOnFS, Text{"prend tout octet FS pour la fin d'un bloc, même au milieu d'un message", "takes every FS byte for the end of a block, even inside a message"}},
		{noStartNeeded, Text{"prend un message sans octet de début de bloc (VT)", "takes a message without the start block byte (VT)"}},

		{oneRead, Text{"prend une lecture pour un message : ce qui arrive en morceaux est perdu", "takes one read for one message: what comes in pieces is lost"}},
		{losesSecond, Text{"de plusieurs blocs arrivés ensemble, ne lit que le premier", "reads only the first of several blocks that come together"}},
		{dropsSlow, Text{"oublie un bloc commencé après 500 ms de silence", "forgets a block that was begun after 500 ms of silence"}},
		{outOfOrder, Text{"répond dans l'ordre inverse aux blocs arrivés ensemble", "answers blocks that come together in reverse order"}},
		{answersAgain, Text{"avant chaque réponse, renvoie toutes les précédentes de la connexion", "sends all earlier answers of the connection again before each answer"}},

		{deafAfterBad, Text{"après un message sans MSH, ne répond plus rien sur la connexion", "after a message without MSH, answers nothing more on the connection"}},
		{closesOnGarbage, Text{"ferme la connexion dès qu'un octet arrive hors d'un bloc", "closes the connection as soon as a byte comes outside a block"}},
		{answersGarbage, Text{"répond AA, avec MSA-2 vide, à des octets hors d'un bloc et à ce qui n'a pas de MSH", "answers AA, with an empty MSA-2, to bytes outside a block and to what has no MSH"}},
		{readsUTF16, Text{"lit l'UTF-16, quoi que dise MSH-18", "reads UTF-16, whatever MSH-18 says"}},
		{ignoresCharset, Text{"lit en Latin-1 les octets qui ne sont pas du jeu annoncé dans MSH-18", "reads bytes that are none of the set announced in MSH-18 as Latin-1"}},

		{noAnswerAfterHalfClose, Text{"ne répond pas à qui ferme son côté après l'envoi", "does not answer whoever closes its side after sending"}},
		{swallowsEverything, Text{"prend un bloc de n'importe quelle taille (jusqu'à 128 Mio)", "takes a block of any size (up to 128 MiB)"}},
		{buffersAnswers, Text{"garde en mémoire les réponses de qui ne les lit pas, et continue", "keeps the answers of a peer that does not read them in memory, and goes on"}},
		{starves, Text{"ne sert que 100 connexions à la fois, même muettes : les autres attendent", "serves only 100 connections at a time, silent ones too: the others wait"}},
	}
}
