package pki

// catalogue is every entry with the way it is made. An identity is wrong in the
// one way that its name says and right in all others, or a refusal would prove
// nothing.
func catalogue() []entryOf {
	return []entryOf{
		{Fault{
			Name: "expired", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Certificat expiré", "Certificate that has expired"},
			Why: Text{"il ne vaut plus rien depuis trente jours ; la FAQ nationale demande expressément ce refus",
				"it has been worth nothing for thirty days; the national FAQ asks for this refusal by name"},
			Spec: "RFC 5280 §6.1.3; FAQ",
		}, bent(expired)},
		{Fault{
			Name: "not-yet-valid", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Certificat pas encore valide", "Certificate that is not valid yet"},
			Why:   Text{"il ne vaudra que dans trente jours", "it counts in thirty days only"},
			Spec:  "RFC 5280 §6.1.3",
		}, bent(notYetValid)},
		{Fault{
			Name: "other-ca", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Certificat d'une autre autorité", "Certificate from another authority"},
			Why: Text{"seules les autorités configurées comptent ; celle-ci (other-ca-ca.pem) n'en est pas",
				"only the authorities configured count; this one (other-ca-ca.pem) is not among them"},
			Spec: "ITI-19; RFC 5280 §6.1",
		}, (*badMaker).otherCA},
		{Fault{
			Name: "self-signed", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Certificat signé par lui-même", "Certificate that signed itself"},
			Why: Text{"aucune autorité n'en répond ; il ne serait admis que si quelqu'un l'avait installé tel quel",
				"no authority vouches for it; it would only do if somebody had installed that very one"},
			Spec: "ITI-19; RFC 5280 §6.1",
		}, (*badMaker).selfSigned},
		{Fault{
			Name: "server-only", FromClient: MustRefuse, FromServer: MustAccept,
			Title: Text{"Certificat pour serveur seulement", "Certificate for servers only"},
			Why: Text{"son usage étendu n'a que serverAuth : un client n'a pas à le présenter",
				"its extended key usage has serverAuth alone: a client may not show it"},
			Spec: "RFC 5280 §4.2.1.12",
		}, used(UsageServer)},
		{Fault{
			Name: "client-only", FromClient: MustAccept, FromServer: MustRefuse,
			Title: Text{"Certificat pour client seulement", "Certificate for clients only"},
			Why: Text{"son usage étendu n'a que clientAuth : un serveur n'a pas à le présenter",
				"its extended key usage has clientAuth alone: a server may not show it"},
			Spec: "RFC 5280 §4.2.1.12",
		}, used(UsageClient)},
		{Fault{
			Name: "wrong-name", FromClient: MustAccept, FromServer: ShouldRefuse,
			Title: Text{"Certificat au nom d'un autre", "Certificate made out to another name"},
			Why: Text{"le client doit refuser s'il annonce l'option « FQDN Validation of Server Certificate » ; le nom d'un client n'est pas à vérifier",
				"the client must refuse if it claims the option FQDN Validation of Server Certificate; the name of a client is not to be checked"},
			Spec: "ITI-19; RFC 6125 §6; RFC 9325 §7.1",
		}, (*badMaker).wrongName},
		{Fault{
			Name: "cn-only", FromClient: MustAccept, FromServer: ShouldRefuse,
			Title: Text{"Nom dans le CN seulement, sans subjectAltName", "Name in the CN only, no subjectAltName"},
			Why: Text{"le CN n'est pas un nom d'hôte ; même réserve que wrong-name",
				"the CN is not a host name; the same reserve as wrong-name"},
			Spec: "ITI-19; RFC 6125 §6.4.4; RFC 9525 §2",
		}, (*badMaker).cnOnly},
		{Fault{
			Name: "revoked", FromClient: ShouldRefuse, FromServer: ShouldRefuse,
			Title: Text{"Certificat révoqué", "Certificate that is revoked"},
			Why: Text{"il figure dans crl.pem ; doit être refusé là où la révocation est vérifiée, ce qu'ITI-19 laisse au site",
				"crl.pem lists it; it must be refused where revocation is checked, which ITI-19 leaves to the site"},
			Spec: "RFC 5280 §6.3; RFC 9325 §7.5",
		}, (*badMaker).revoked},
		{Fault{
			Name: "stale-crl", FromClient: MayRefuse, FromServer: MayRefuse,
			Title: Text{"Certificat dont l'autorité n'a qu'une CRL périmée", "Certificate whose authority has a stale CRL only"},
			Why: Text{"la CRL de son autorité intermédiaire (stale-crl.crl.pem) est périmée : nul ne sait s'il est révoqué ; à refuser si la vérification est exigée",
				"the CRL of its intermediate authority (stale-crl.crl.pem) is stale: nobody knows whether it is revoked; to be refused if the check is required"},
			Spec: "RFC 5280 §6.3.3",
		}, (*badMaker).staleCRL},
		{Fault{
			Name: "missing-intermediate", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Chaîne sans son autorité intermédiaire", "Chain without its intermediate authority"},
			Why: Text{"rien ne relie le certificat à l'autorité connue, à moins d'avoir installé missing-intermediate-ca.pem",
				"nothing joins the certificate to the authority known, unless missing-intermediate-ca.pem was installed"},
			Spec: "RFC 8446 §4.4.2; RFC 5246 §7.4.2; RFC 5280 §6.1",
		}, (*badMaker).missingIntermediate},
		{Fault{
			Name: "misordered-chain", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Chaîne dans le désordre, l'autorité devant", "Chain out of order, the authority first"},
			Why: Text{"le certificat du porteur doit venir en premier : ici la signature ne correspond pas au premier certificat",
				"the holder's certificate must come first: here the signature does not fit the first certificate"},
			Spec: "RFC 8446 §4.4.2; RFC 5246 §7.4.2",
		}, (*badMaker).misorderedChain},
		{Fault{
			Name: "rsa-1024", FromClient: ShouldRefuse, FromServer: ShouldRefuse,
			Title: Text{"Clé RSA de 1024 bits", "RSA key of 1024 bits"},
			Why: Text{"trop courte depuis longtemps (2048 au moins) ; ITI-19 la laisse au choix du site",
				"too short for a long time (2048 at least); ITI-19 leaves it to the site"},
			Spec: "RFC 9325 §4.5; RFC 7525 §4.3; ITI-19",
		}, keyed(rsa1024)},
		{Fault{
			Name: "sha1", FromClient: ShouldRefuse, FromServer: ShouldRefuse,
			Title: Text{"Certificat signé avec SHA-1", "Certificate signed with SHA-1"},
			Why:   Text{"une signature SHA-1 se contrefait", "a SHA-1 signature can be forged"},
			Spec:  "RFC 9325 §4.5; RFC 7525 §4.3",
		}, (*badMaker).sha1},
		{Fault{
			Name: "many-names", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Certificat à cent noms", "Certificate with a hundred names"},
			Why:   Text{"long mais correct : rien ne limite le nombre de noms", "long but right: nothing limits the number of names"},
			Spec:  "RFC 5280 §4.2.1.6",
		}, (*badMaker).manyNames},
		{Fault{
			Name: "short-lived", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Certificat valable encore 90 secondes", "Certificate with 90 seconds left"},
			Why: Text{"à accepter jusqu'à la fin, puis à refuser ; « pamlab pki bad --only short-lived » en refait un",
				`to be accepted until its end, to be refused afterwards; "pamlab pki bad --only short-lived" makes another`},
			Spec: "RFC 5280 §6.1.3",
		}, bent(shortLived)},
		{Fault{
			Name: "key-mismatch", FromClient: MustRefuse, FromServer: MustRefuse,
			Title: Text{"Clé privée d'un autre certificat", "Private key of another certificate"},
			Why: Text{"le porteur ne prouve pas que le certificat est à lui",
				"the holder does not prove that the certificate is his own"},
			Spec: "RFC 8446 §4.4.3; RFC 5246 §7.4.8",
		}, (*badMaker).keyMismatch},
		{Fault{
			Name: "rsa-2048", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Bonne identité, clé RSA de 2048 bits", "Good identity, RSA key of 2048 bits"},
			Why:   Text{"la plus répandue", "the most common one"},
			Spec:  "ITI-19; RFC 9325 §4.5",
		}, keyed(RSA2048)},
		{Fault{
			Name: "rsa-3072", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Bonne identité, clé RSA de 3072 bits", "Good identity, RSA key of 3072 bits"},
			Why:   Text{"ITI-19 va jusqu'à 4096 bits", "ITI-19 goes up to 4096 bits"},
			Spec:  "ITI-19; RFC 9325 §4.5",
		}, keyed(RSA3072)},
		{Fault{
			Name: "p-384", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Bonne identité, clé ECDSA P-384", "Good identity, ECDSA key on P-384"},
			Why:   Text{"une courbe que les bibliothèques connaissent toutes", "a curve that all libraries know"},
			Spec:  "RFC 9325 §4.5",
		}, keyed(P384)},
		{Fault{
			Name: "renewed", FromClient: MustAccept, FromServer: MustAccept,
			Title: Text{"Bonne identité, certificat renouvelé", "Good identity, certificate renewed"},
			Why: Text{"mêmes noms, même autorité, autre clé et autre numéro de série : ce que l'on voit après un renouvellement",
				"same names, same authority, another key and serial number: what is seen after a renewal"},
			Spec: "ITI-19",
		}, (*badMaker).renewed},
	}
}
