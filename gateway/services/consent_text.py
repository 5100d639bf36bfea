"""The text to which the driver of a private car consents. Every change of it has another version; what was consented to
is kept with each consent, so that nobody has to guess later.
"""

VERSION = "2026-11"

TEXT = {
    "id": (
        "Selama Anda bertugas, ponsel ini mengirim lokasi kendaraan Anda ke pusat panggilan darurat ({centre}). Lokasi "
        "dipakai untuk menugaskan kendaraan terdekat, memperkirakan waktu tiba, dan membuktikan waktu tanggap. Di luar "
        "jam tugas tidak ada yang disimpan. Anda dapat menarik persetujuan ini kapan saja di halaman ini; sejak saat "
        "itu tidak ada lagi yang disimpan. Anda berhak meminta salinan data Anda."
    ),
    "en": (
        "While you are on duty this phone sends the place of your vehicle to the emergency call centre ({centre}). It "
        "is used to send the nearest vehicle, to foretell arrival times and to prove response times. Off duty nothing "
        "is stored. You may withdraw this consent on this page at any time; from then on nothing is stored. You have "
        "the right to a copy of your data."
    ),
}
