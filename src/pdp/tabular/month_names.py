"""Names of months and weekdays in the languages of Europe, as written (case, accents and dots ignored).

Each language gives twelve entries; an entry lists the name, other cases of it, and the short forms
that CLDR or common use gives. No word may stand for two months: tested. (Croatian is left out: its
"listopad" is October, the Polish and Czech one is November.)
"""

from __future__ import annotations

import unicodedata

_MONTHS = {
    "en": "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|"
    "october oct|november nov|december dec",
    "de": "januar janner jan|februar feber feb|marz mrz maerz|april apr|mai|juni jun|juli jul|august aug|"
    "september sep sept|oktober okt|november nov|dezember dez",
    "fr": "janvier janv|fevrier fevr fev|mars|avril avr|mai|juin|juillet juil|aout|septembre sept|octobre oct|"
    "novembre nov|decembre dec",
    "es": "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|"
    "septiembre setiembre sept|octubre oct|noviembre nov|diciembre dic",
    "it": "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|agosto ago|settembre set|"
    "ottobre ott|novembre nov|dicembre dic",
    "pt": "janeiro jan|fevereiro fev|marco mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set|"
    "outubro out|novembro nov|dezembro dez",
    "nl": "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|september sep|"
    "oktober okt|november nov|december dec",
    "sv": "januari jan|februari feb|mars mar|april apr|maj|juni jun|juli jul|augusti aug|september sep|oktober okt|"
    "november nov|december dec",
    "da": "januar jan|februar feb|marts mar|april apr|maj|juni jun|juli jul|august aug|september sep|oktober okt|"
    "november nov|december dec",
    "nb": "januar jan|februar feb|mars mar|april apr|mai|juni jun|juli jul|august aug|september sep|oktober okt|"
    "november nov|desember des",
    "fi": "tammikuu tammikuuta tammi|helmikuu helmikuuta helmi|maaliskuu maaliskuuta maalis|"
    "huhtikuu huhtikuuta huhti|toukokuu toukokuuta touko|kesakuu kesakuuta kesa|heinakuu heinakuuta heina|"
    "elokuu elokuuta elo|syyskuu syyskuuta syys|lokakuu lokakuuta loka|marraskuu marraskuuta marras|"
    "joulukuu joulukuuta joulu",
    "pl": "styczen stycznia sty|luty lutego lut|marzec marca mar|kwiecien kwietnia kwi|maj maja|"
    "czerwiec czerwca cze|lipiec lipca lip|sierpien sierpnia sie|wrzesien wrzesnia wrz|"
    "pazdziernik pazdziernika paz|listopad listopada lis|grudzien grudnia gru",
    "cs": "leden ledna led|unor unora uno|brezen brezna bre|duben dubna dub|kveten kvetna kve|cerven cervna cvn|"
    "cervenec cervence cvc|srpen srpna srp|zari zar|rijen rijna rij|listopad listopadu lis|"
    "prosinec prosince pro",
    "sk": "januar januara jan|februar februara feb|marec marca mar|april aprila apr|maj maja|jun juna|jul jula|"
    "august augusta aug|september septembra sep|oktober oktobra okt|november novembra nov|"
    "december decembra dec",
    "hu": "januar jan|februar febr|marcius marc|aprilis apr|majus maj|junius jun|julius jul|augusztus aug|"
    "szeptember szept|oktober okt|november nov|december dec",
    "ro": "ianuarie ian|februarie feb|martie mar|aprilie apr|mai|iunie iun|iulie iul|august aug|septembrie sept|"
    "octombrie oct|noiembrie nov noi|decembrie dec",
    "tr": "ocak oca|subat sub|mart mar|nisan nis|mayis may|haziran haz|temmuz tem|agustos agu|eylul eyl|ekim eki|"
    "kasim kas|aralik ara",
    "ru": "январь января янв|февраль февраля февр фев|март марта мар|апрель апреля апр|май мая|июнь июня июн|"
    "июль июля июл|август августа авг|сентябрь сентября сент сен|октябрь октября окт|ноябрь ноября нояб ноя|"
    "декабрь декабря дек",
    "uk": "січень січня січ|лютий лютого лют|березень березня бер|квітень квітня квіт|травень травня трав|"
    "червень червня черв|липень липня лип|серпень серпня серп|вересень вересня вер|жовтень жовтня жовт|"
    "листопад листопада лист|грудень грудня груд",
    "el": "ιανουαριος ιανουαριου ιαν|φεβρουαριος φεβρουαριου φεβ|μαρτιος μαρτιου μαρ|απριλιος απριλιου απρ|"
    "μαιος μαιου μαι|ιουνιος ιουνιου ιουν|ιουλιος ιουλιου ιουλ|αυγουστος αυγουστου αυγ|"
    "σεπτεμβριος σεπτεμβριου σεπ|οκτωβριος οκτωβριου οκτ|νοεμβριος νοεμβριου νοε|δεκεμβριος δεκεμβριου δεκ",
}

_WEEKDAYS = (
    "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun "
    "montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sonnabend sa sonntag so "
    "lundi lun mardi mar mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim "
    "lunes martes miercoles mie jueves jue viernes vie sabado sab domingo dom "
    "lunedi martedi mercoledi giovedi gio venerdi sabato domenica "
    "segunda terca quarta quinta sexta seg ter qua qui sex "
    "maandag ma dinsdag woensdag wo donderdag vrijdag vr zaterdag za zondag zo "
    "mandag tirsdag onsdag torsdag fredag lordag sondag man tir ons tor fre lor son "
    "mandag tisdag lordag tis poniedzialek wtorek sroda czwartek piatek sobota niedziela pon wt sr czw pt sob ndz "
    "понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс"
)


def plain(text: str) -> str:
    """Lower case without accents: "Août" and "aout" are one word.

    й and ї keep theirs: in Cyrillic these are letters of their own.
    """
    text = text.casefold().replace("ё", "е").replace("ı", "i").replace("ł", "l").replace("ø", "o")
    return "".join(char if char in "йї" else _without_accents(char) for char in unicodedata.normalize("NFC", text))


def _without_accents(char: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))


MONTHS: dict[str, int] = {
    plain(word): number
    for months in _MONTHS.values()
    for number, words in enumerate(months.split("|"), start=1)
    for word in words.split()
}
WEEKDAYS = frozenset(plain(word) for word in _WEEKDAYS.split())
