// A window made with Qt 5 or 6, as C functions: C++ cannot be called by name from JavaScript. qt.ts compiles this file when it
// is first used. All functions are called in the thread of Node; Qt's events are dispatched by whoever iterates GLib's default
// main context.
#include <QAbstractNativeEventFilter>
#include <QApplication>
#include <QCloseEvent>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>
#include <QTimer>
#include <QVBoxLayout>
#include <chrono>
#include <cstdint>

namespace {

using Callback = void (*)();
using FrameCallback = void (*)(double timeMs);

constexpr int kFrameMs = 16;

double nowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

// Reports the times at which it is drawn.
class Progress : public QProgressBar {
 public:
  FrameCallback onFrame = nullptr;

 protected:
  void paintEvent(QPaintEvent* event) override {
    QProgressBar::paintEvent(event);
    if (onFrame != nullptr) onFrame(nowMs());
  }
};

// The event of X11 that a window has been destroyed, by another program: Qt ignores it.
struct DestroyNotify {
  static constexpr uint8_t kType = 17;
  uint8_t type;
  uint8_t unused;
  uint16_t sequence;
  uint32_t parent;
  uint32_t window;
};

#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
using FilterResult = qintptr;
#else
using FilterResult = long;
#endif

class Window : public QWidget, public QAbstractNativeEventFilter {
 public:
  Window(const char* title, const char* const* columns, int count, Callback pressed, Callback closing)
      : table_(0, count), closing_(closing) {
    setWindowTitle(QString::fromUtf8(title));
    resize(560, 300);
    QStringList names;
    for (int i = 0; i < count; i += 1) names << QString::fromUtf8(columns[i]);
    table_.setHorizontalHeaderLabels(names);
    table_.horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_.setEditTriggers(QAbstractItemView::NoEditTriggers);
    status_.setAlignment(Qt::AlignCenter);
    progress_.setRange(0, 1000);
    progress_.setTextVisible(false);
    frames_.setTimerType(Qt::PreciseTimer);
    auto* layout = new QVBoxLayout(this);
    for (QWidget* part : std::initializer_list<QWidget*>{&status_, &button_, &table_, &progress_}) {
      layout->addWidget(part);
    }
    QObject::connect(&button_, &QPushButton::clicked, [pressed] { pressed(); });
    QObject::connect(&frames_, &QTimer::timeout, [this] {
      progress_.setValue(static_cast<int>(nowMs()) % 1000);
      progress_.update();
    });
    show();
    QCoreApplication::instance()->installNativeEventFilter(this);
  }

  bool nativeEventFilter(const QByteArray& kind, void* message, FilterResult*) override {
    const auto* event = static_cast<const DestroyNotify*>(message);
    if (kind == "xcb_generic_event_t" && (event->type & 0x7f) == DestroyNotify::kType &&
        event->window == internalWinId()) {
      closing_();
    }
    return false;
  }

  void setTexts(const char* status, const char* button) {
    status_.setText(QString::fromUtf8(status));
    button_.setText(QString::fromUtf8(button));
  }

  void setRows(const char* const* cells, int rows) {
    table_.setRowCount(rows);
    for (int i = 0; i < rows * table_.columnCount(); i += 1) setCell(i / table_.columnCount(), i % table_.columnCount(), cells[i]);
  }

  void animate(FrameCallback onFrame) {
    progress_.onFrame = onFrame;
    if (onFrame != nullptr) frames_.start(kFrameMs);
    else frames_.stop();
  }

 protected:
  void closeEvent(QCloseEvent* event) override {
    event->ignore();  // the program closes the window when it has stopped
    closing_();
  }

 private:
  void setCell(int row, int column, const char* text) {
    QTableWidgetItem* item = table_.item(row, column);
    if (item == nullptr) table_.setItem(row, column, item = new QTableWidgetItem);
    item->setText(QString::fromUtf8(text));
  }

  QLabel status_;
  QPushButton button_;
  QTableWidget table_;
  Progress progress_;
  QTimer frames_;
  Callback closing_;
};

QApplication* application = nullptr;

}  // namespace

extern "C" {

const char* window_qt_version() { return qVersion(); }

void* window_open(const char* title, const char* const* columns, int count, Callback pressed, Callback closing) {
  static int argc = 1;
  static char name[] = "ropewalk";
  static char* argv[] = {name, nullptr};
  if (application == nullptr) application = new QApplication(argc, argv);
  return new Window(title, columns, count, pressed, closing);
}

void window_set_texts(void* window, const char* status, const char* button) {
  static_cast<Window*>(window)->setTexts(status, button);
}

// `cells` has the texts of all rows, one row after the other.
void window_set_rows(void* window, const char* const* cells, int rows) {
  static_cast<Window*>(window)->setRows(cells, rows);
}

// Null ends the animation.
void window_animate(void* window, FrameCallback onFrame) { static_cast<Window*>(window)->animate(onFrame); }

// Qt is not needed afterwards: its connection to the display is closed too.
void window_close(void* window) {
  delete static_cast<Window*>(window);
  delete application;
  application = nullptr;
}
}
