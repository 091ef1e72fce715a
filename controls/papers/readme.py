"""What lies on top of an audit package: what it is and how to check it, in ten lines."""

DANISH = """\
REVISIONSPAKKE FRA KONTROLRUL

Pakken kan kontrolleres uden Kontrolrul. Det eneste, der kræves, er Python 3.9 eller nyere.

1. Læg zip-filen i en tom mappe, og tag kun check.py ud af den. Intet behøver at blive pakket ud.
2. Kør:  python check.py revisionspakke.zip
3. Har I en ældre pakke eller et gemt kontrolpunkt, så kør:  python check.py revisionspakke.zip --older GAMMEL.zip
   Det viser, at intet i ændringsloggen er skrevet om siden dengang. Gem derfor hver pakke.
4. Har I nøglen (public.key) fra tidligere, så tilføj:  --key public.key
5. Svaret »Alt stemmer« (status 0) betyder, at intet er ændret. Status 1 viser alle fejl med fil, række og kolonne.
   Status 2 betyder, at det ikke kan afgøres.
6. Tag helst check.py fra en kilde, I selv stoler på: Den, der kan ændre pakken, kan også ændre programmet i den.

revisionsudtraek-….xlsx    regnearket; begynd med forsiden
evidence/, evidence.csv    dokumentationen, hver fil navngivet med sin SHA-256, og oversigten over den
rows.jsonl                 rækkerne bag regnearket, hver med nummeret på den hændelse, der sidst fortalte den
events.jsonl               hændelserne med indhold, salt, hashværdi og blad (kun hashværdi, hvor noget er slettet)
leaves.bin                 alle blade i ændringsloggens træ (RFC 9162), 32 bytes hver
checkpoint.txt, public.key det underskrevne kontrolpunkt og nøglen til at kontrollere underskriften (Ed25519)
manifest.json, .note       fortegnelsen over alle filer med SHA-256 og underskriften på den

Pakken indeholder personoplysninger. Opbevar den fortroligt, og slet den, når den ikke længere skal bruges.
"""

ENGLISH = """\
AUDIT PACKAGE FROM KONTROLRUL

The package can be checked without Kontrolrul. All that is needed is Python 3.9 or later.

1. Put the zip file into an empty folder and take only check.py out of it. Nothing needs to be unpacked.
2. Run:  python check.py package.zip
3. If you have an older package or a checkpoint that you kept, run:  python check.py package.zip --older OLD.zip
   It shows that nothing in the log has been rewritten since then. So keep each package.
4. If you have the key (public.key) from before, add:  --key public.key
5. The answer "Sound" (status 0) means that nothing has been changed. Status 1 lists all faults with file, row and
   column. Status 2 means that it cannot tell.
6. Preferably take check.py from a source that you trust: who can change the package can change the program in it.

audit-extract-….xlsx       the workbook; begin with the cover page
evidence/, evidence.csv    the evidence, each file named by its SHA-256, and the index of it
rows.jsonl                 the rows behind the workbook, each with the number of the event that told it last
events.jsonl               the events with payload, salt, digest and leaf; of a redacted one the digest is left
leaves.bin                 all leaves of the log's tree (RFC 9162), 32 bytes each
checkpoint.txt, public.key the signed checkpoint, and the key to check the signature with (Ed25519)
manifest.json, .note       the list of all files with SHA-256, and the signature on it

The package holds personal data. Keep it confidential, and delete it when it is no longer needed.
"""

TEXTS = {"LÆSMIG.txt": DANISH, "README.txt": ENGLISH}
